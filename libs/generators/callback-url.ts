const MOST_CHARACTERS = 2_048;

/** An address to call back. To whom it may lead is decided when it is called. */
export function isCallbackUrl(value: unknown): boolean {
  if (
    typeof value !== 'string' ||
    value.length > MOST_CHARACTERS ||
    !/^https?:\/\/[\x21-\x7e]+$/i.test(value)
  )
    return false;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  // An empty fragment, and empty credentials, leave no trace in the parsed form.
  return (
    url !== undefined && url.hostname !== '' && !value.includes('#') && !/^https?:\/\/[^/?]*@/i.test(value)
  );
}
