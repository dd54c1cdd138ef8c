/** Errors as operations end with them: a message and a code. */

export interface FloraError extends Error {
  code: string;
}

export function coded(message: string, code: string): FloraError {
  return Object.assign(new Error(message), { code });
}
