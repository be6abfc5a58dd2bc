"""Sealing what must be read again but not from a copy of the database: secrets of second factors."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken

from bot.services.signing import Signer


class SealBroken(Exception):
    """What was stored was sealed with another key, or altered: set it up anew."""


def seal(signer: Signer, purpose: str, text: str) -> str:
    """Return the text encrypted and authenticated with the installation's key for this purpose."""
    return _box(signer, purpose).encrypt(text.encode()).decode()


def unseal(signer: Signer, purpose: str, sealed: str) -> str:
    """Return what `seal` was given.

    Raises:
        SealBroken: The installation's key has changed, or the text was altered.
    """
    try:
        return _box(signer, purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SealBroken from error


def _box(signer: Signer, purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(signer.key(f"seal:{purpose}")))
