/** Addresses as the record schemas take them. */

const WEB_ADDRESS =
  /^(?:https?|ftps?):\/\/(?:[^\s/?#@<>]+@)?(?:(?:[^\s/?#@:.<>]+\.)+[^\s/?#@:.<>]{2,}\.?|localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:.]+\])(?::\d+)?(?:[/?#][^\s<>]*)?$/i;

/** A website: http, https or ftp with a full host name, and nothing in it that needs escaping. */
export function isWebAddress(text: string): boolean {
  return WEB_ADDRESS.test(text);
}

const URL_WITH_HOST = /^(?:https?|ftps?):\/\/[^\s/?#<>]+(?:[/?#].*)?$/i;

/** An identifier of the scheme `url`, which InvenioRDM takes with any host and anything in its path. */
export function isUrl(text: string): boolean {
  return URL_WITH_HOST.test(text);
}
