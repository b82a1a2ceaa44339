"""Seeded randomness in the alphabets that credentials are written in."""

from __future__ import annotations

import base64
import binascii
import random
import string

ALNUM = string.ascii_letters + string.digits
WORD = ALNUM + "_-"
BASE64 = ALNUM + "+/"
BASE32 = string.ascii_uppercase + "234567"
HEX = "0123456789abcdef"
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
BECH32 = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
PEOPLE = ("alice", "bob", "carol", "dave", "erin", "svc_app", "deploy", "jane.doe", "root", "admin")
HOSTS = ("db.internal", "10.2.3.4", "cache-01.example.net", "api.example.com", "localhost", "pg-prod-3.corp.example")
WORDS = [
    "able",
    "acid",
    "apple",
    "arrow",
    "autumn",
    "badge",
    "banana",
    "beach",
    "bird",
    "blanket",
    "bridge",
    "cabin",
    "candle",
    "canyon",
    "castle",
    "cherry",
    "circle",
    "copper",
    "coral",
    "cotton",
    "desert",
    "dinner",
    "dragon",
    "eagle",
    "ember",
    "engine",
    "fabric",
    "falcon",
    "feather",
    "forest",
    "galaxy",
    "garden",
    "ginger",
    "glacier",
    "guitar",
    "hammer",
    "harbor",
    "hazard",
    "honey",
    "island",
    "jacket",
    "jungle",
    "kitten",
    "ladder",
    "lemon",
    "marble",
    "meadow",
    "mirror",
    "monkey",
    "mountain",
    "needle",
    "ocean",
    "olive",
    "orange",
    "oxygen",
    "paper",
    "pencil",
    "pepper",
    "planet",
    "pocket",
    "puzzle",
    "rabbit",
    "ribbon",
    "river",
    "rocket",
    "saddle",
    "sailor",
    "shadow",
    "silver",
    "spider",
    "spring",
    "stable",
    "storm",
    "summer",
    "sunset",
    "tiger",
    "timber",
    "tomato",
    "tunnel",
    "turtle",
    "velvet",
    "violin",
    "walnut",
    "window",
    "winter",
    "zebra",
]


class Chance(random.Random):
    """A random source that speaks in credentials. The same seed text gives the same values on every Python."""

    def chars(self, alphabet: str, count: int) -> str:
        return "".join(self.choice(alphabet) for _ in range(count))

    def alnum(self, count: int) -> str:
        return self.chars(ALNUM, count)

    def word(self, count: int) -> str:
        """Letters, digits, dash and underscore; a letter or digit at both ends, as issuers' examples have it."""
        if count < 3:
            return self.chars(ALNUM, count)
        return self.chars(ALNUM, 1) + self.chars(WORD, count - 2) + self.chars(ALNUM, 1)

    def base64(self, count: int) -> str:
        return self.chars(BASE64, count)

    def hex(self, count: int) -> str:
        return self.chars(HEX, count)

    def digits(self, count: int) -> str:
        return self.choice("123456789") + self.chars(string.digits, count - 1)

    def upper32(self, count: int) -> str:
        return self.chars(BASE32, count)

    def uuid(self) -> str:
        text = self.hex(32)
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{self.choice('89ab')}{text[17:20]}-{text[20:]}"

    def words(self, count: int, joint: str = " ") -> str:
        return joint.join(self.choice(WORDS) for _ in range(count))

    def person(self) -> str:
        return self.choice(PEOPLE)

    def host(self) -> str:
        return self.choice(HOSTS)


def base62(number: int, width: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = BASE62[rest] + digits
    return digits.rjust(width, "0")


def crc_base62(text: str) -> str:
    """The checksum that GitHub and npm tokens end in."""
    return base62(binascii.crc32(text.encode()), 6)


def b64(text: str | bytes, *, url: bool = False, pad: bool = True) -> str:
    raw = text.encode() if isinstance(text, str) else text
    encoded = (base64.urlsafe_b64encode if url else base64.b64encode)(raw).decode()
    return encoded if pad else encoded.rstrip("=")


def luhn_completed(digits: str) -> str:
    """The number with its check digit."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        doubled = int(char) * (1 if place % 2 else 2)
        total += doubled - 9 if doubled > 9 else doubled
    return digits + str(-total % 10)


def iban(country: str, account: str) -> str:
    """The account number with its check digits (ISO 13616)."""
    number = "".join(str(int(char, 36)) for char in f"{account}{country}00")
    return f"{country}{98 - int(number) % 97:02d}{account}"
