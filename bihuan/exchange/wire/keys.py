"""Keys of an installation: one pair signs (Ed25519), one opens what was sealed to it (X25519)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from bihuan.core.digest import hash_bytes

from .errors import BadPackage

KEY_BYTES, SIGNATURE_BYTES = 32, 64
GROUPS, GROUP = 8, 4  # a fingerprint is read out in eight groups of four


@dataclass(frozen=True)
class PublicKeys:
    """What others know of an installation, in base64."""

    signing: str
    sealing: str

    @property
    def fingerprint(self) -> str:
        """Thirty-two hexadecimal signs over both keys: what two people read to each other."""
        body = b"bihuan.exchange.key\0" + decoded(self.signing, KEY_BYTES) + decoded(self.sealing, KEY_BYTES)
        return hash_bytes(body, "sm3").partition(":")[2][: GROUPS * GROUP].upper()

    def verify(self, signature: str, message: bytes) -> bool:
        """Whether the holder of these keys signed the message."""
        try:
            key = Ed25519PublicKey.from_public_bytes(decoded(self.signing, KEY_BYTES))
            key.verify(decoded(signature, SIGNATURE_BYTES), message)
        except (InvalidSignature, BadPackage):
            return False
        return True


@dataclass(frozen=True, repr=False)
class PrivateKeys:
    """Our own pairs, in base64; never printed."""

    signing: str
    sealing: str

    @classmethod
    def generate(cls) -> PrivateKeys:
        raw = serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
        signing, sealing = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        return cls(encoded(signing.private_bytes(*raw)), encoded(sealing.private_bytes(*raw)))

    @property
    def public(self) -> PublicKeys:
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        return PublicKeys(
            encoded(self._signing().public_key().public_bytes(*raw)),
            encoded(self.opening().public_key().public_bytes(*raw)),
        )

    def sign(self, message: bytes) -> str:
        return encoded(self._signing().sign(message))

    def _signing(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(decoded(self.signing, KEY_BYTES))

    def opening(self) -> X25519PrivateKey:
        """The key that opens what was sealed to us."""
        return X25519PrivateKey.from_private_bytes(decoded(self.sealing, KEY_BYTES))


def sealing_key(public: PublicKeys) -> X25519PublicKey:
    """The key with which something is sealed to somebody."""
    return X25519PublicKey.from_public_bytes(decoded(public.sealing, KEY_BYTES))


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def decoded(text: str, size: int) -> bytes:
    """The bytes of a base64 text, which must be written the one way there is. Raises BadPackage."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadPackage("密钥或签名不是有效的编码，请向对方重新索取") from error
    if len(raw) != size or encoded(raw) != text:
        raise BadPackage("密钥或签名的长度不对，请向对方重新索取")
    return raw


def grouped(fingerprint: str) -> str:
    """As it is read out: A1B2 C3D4 …"""
    return " ".join(fingerprint[at : at + GROUP] for at in range(0, len(fingerprint), GROUP))


def heard(text: str) -> str:
    """What a person typed while the other side read it out, without spaces, dashes and case."""
    return "".join(sign for sign in text.upper() if sign in "0123456789ABCDEF")
