export const CONTROLS: readonly {
  id: string;
  control: string;
  file: string;
  find: string;
  replace: string;
  spec: string;
  test: string;
  build?: boolean;
}[];
