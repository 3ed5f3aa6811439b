/** An address, perhaps with the length of its prefix; who finds one asks whether it is: a time has colons, too. */
export const IP_TOKEN =
  /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,3})?(?!\w|\.\d)|(?<![\w:.])(?:[\da-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]{1,4}|(?<=::))(?:\/\d{1,3})?(?!\w|[.:][\da-f])/gi;

export const MAC_TOKEN = /(?<![\w:])[\da-f]{2}(?::[\da-f]{2}){5}(?![\w:])/gi;

export const UUID_TOKEN = /(?<![\w-])[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?![\w-])/gi;

/** A machine id, or another digest that somebody may know. */
export const LONG_HEX_TOKEN = /(?<!\w)[\da-f]{32,}(?!\w)/gi;

/** `datapath_id` of a bridge: four digits, and a MAC. */
export const DATAPATH_ID_TOKEN = /(?<!\w)[\da-f]{4}[\da-f]{12}(?!\w)/gi;

/** Names of links that nobody needs to be told of, in the midst of a text. */
export const LINK_TOKEN =
  /(?<![\w~.@/-])(?:(?:eth|bond|team|vlan|veth|tap|tun|vnet|virbr|docker|dummy|macvlan|macvtap|wg|vxlan|br)-?\d[\w]*|(?:en|wl|ww|ib)[opsxP]\w*\d\w*|br-\w[\w-]*)(?:\.\d+)?~?(?![\w-])/g;

/** A host by its name: behind a transport, before an export, or with a domain that is used for hosts. */
export const HOST_IN_TEXT =
  /(?<![\w./])(?:(?:(?:tcp|ssl):|https?:\/\/)([A-Za-z][\w-]*(?:\.[\w-]+)*)(?=[:/]\S)|(?!(?:p?unix|file|https?):)([A-Za-z][\w-]*(?:\.[\w-]+)*)(?=:\/)|(?:[a-z\d-]+\.)+(?:com|net|org|io|dev|de|eu|uk|fr|lan|local|localdomain|internal|intern|corp|home|example|test)(?![\w.-]))/g;

/** A path of at least two parts, but for those that every Linux has. */
export const PATH_TOKEN = /(?<![\w.~:/-]|[\w.]\/)\/(?!(?:proc|sys|etc|usr|dev|lib)\/)(?:[\w.+@~-]+\/)+[\w.+@~:-]*\w/g;

/** What stands before an IPv4 address in IPv6 (RFC 4291, 2.5.5.2). */
export const MAPPED_V4 = /^::ffff:(?=\d+\.)/i;
