"""Ed25519 (RFC 8032) with the standard library alone; also with keys of small order, which no library offers."""
import hashlib
import os

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493  # the order of the base point
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
ZERO = (0, 1, 1, 0)  # extended coordinates: x = X/Z, y = Y/Z, T = XY/Z


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def negative(p):
    return -p[0] % P, p[1], p[2], -p[3] % P


def recover_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    return P - x if x & 1 != sign else x


def point(encoded):
    number = int.from_bytes(encoded, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    x = recover_x(y, sign)
    return x, y, 1, x * y % P


def encode(p):
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def multiply(number, p):
    result = ZERO
    while number:
        if number & 1:
            result = add(result, p)
        p = add(p, p)
        number >>= 1
    return result


def _base_rows():
    """16 multiples of the base point for each four bits of a scalar: a multiplication is 64 additions."""
    y = 4 * pow(5, P - 2, P) % P
    x = recover_x(y, 0)
    rows, step = [], (x, y, 1, x * y % P)
    for _ in range(64):
        row = [ZERO]
        for _ in range(15):
            row.append(add(row[-1], step))
        rows.append(row)
        step = add(row[-1], step)
    return rows


_ROWS = _base_rows()


def multiply_base(number):
    result = ZERO
    for row in _ROWS:
        result = add(result, row[number & 15])
        number >>= 4
    return result


def hashed(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L


class Key:
    def __init__(self, secret=None):
        expanded = hashlib.sha512(secret or os.urandom(32)).digest()
        self.scalar = int.from_bytes(expanded[:32], "little") & (1 << 254) - 8 | 1 << 254
        self.prefix = expanded[32:]
        self.public = encode(multiply_base(self.scalar))

    def sign(self, message):
        nonce = hashed(self.prefix, message)
        commitment = encode(multiply_base(nonce))
        challenge = hashed(commitment, self.public, message)
        return commitment + ((nonce + challenge * self.scalar) % L).to_bytes(32, "little")


class SmallOrderKey:
    """A public key of order 1, 2 or 4: a signature under it can be made without any secret."""

    def __init__(self, public=bytes(32)):
        self.public = public

    def sign(self, message):
        against = negative(point(self.public))
        for guess in range(4):
            for response in range(1, 64):
                commitment = encode(add(multiply_base(response), multiply(guess, against)))
                if hashed(commitment, self.public, message) % 4 == guess:
                    return commitment + response.to_bytes(32, "little")
        raise ValueError("no challenge came out as guessed")
