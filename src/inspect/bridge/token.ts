import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What whoever asks must know; 256 bits. */
export function createToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Checks tokens of one bridge, and the cookie that stands for it in a browser. */
export interface TokenCheck {
  isRight(given: string | null): boolean;
  /** True where one of the cookies of a `Cookie` header is ours. */
  hasCookie(header: string | undefined): boolean;
  /** Value of a `Set-Cookie` header. */
  readonly cookie: string;
}

/** Makes a {@link TokenCheck}. */
export function createTokenCheck(token: string): TokenCheck {
  const digest = digestOf(token);
  // Cookies do not tell ports apart: two bridges that are reached through two tunnels need two names.
  const name = `ovs-uplink-${digest.toString('hex').slice(0, 12)}`;
  // Of the digests, which have one length, so that the time tells nothing of the token's.
  const isRight = (given: string | null): boolean => given !== null && timingSafeEqual(digestOf(given), digest);
  return {
    isRight,
    hasCookie: header =>
      (header ?? '').split(';').some(one => {
        const at = one.indexOf('=');
        return one.slice(0, at).trim() === name && isRight(one.slice(at + 1).trim());
      }),
    cookie: `${name}=${token}; Path=/; HttpOnly; SameSite=Strict`,
  };
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
