/** An address as the record schemas take it: http, https or ftp with a full host name. */

const WEB_ADDRESS = /^(?:https?|ftp):\/\/(?:[^\s/?#@:.]+\.)+[^\s/?#@:.]{2,}\.?(?::\d+)?(?:[/?#]\S*)?$/;

export function isWebAddress(text: string): boolean {
  return WEB_ADDRESS.test(text);
}
