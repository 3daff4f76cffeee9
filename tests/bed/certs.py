"""A certificate authority for the bed: server and client certificates."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class KeyPair:
    """Paths of a PEM certificate and its PEM private key."""

    cert: Path
    key: Path


def write_key(key: ec.EllipticCurvePrivateKey, path: Path) -> Path:
    """Writes a private key as PEM, readable by its owner only."""
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    return path


def new_key() -> ec.EllipticCurvePrivateKey:
    """A key on P-256: made in no time, and accepted by every part of the bed."""
    return ec.generate_private_key(ec.SECP256R1())


class CA:
    """Issues certificates into `folder`; its own certificate is `cert`."""

    def __init__(self, folder: Path, name: str = "edsm-bed-ca") -> None:
        self.folder = folder
        self._key = new_key()
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._sign(self._name, self._key, [
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True,
                           content_commitment=False, key_encipherment=False, data_encipherment=False,
                           key_agreement=False, encipher_only=False, decipher_only=False), True),
        ])
        self.cert = folder / f"{name}.crt"
        self.cert.write_bytes(certificate)

    def server(self, name: str, hosts: tuple[str, ...] = ("localhost", "127.0.0.1"), *,
               days: float = 30) -> KeyPair:
        """A server certificate for DNS names and addresses (days < 0: expired)."""
        names = [_alternative_name(host) for host in hosts]
        return self._issue(name, [x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])], [
            (x509.SubjectAlternativeName(names), False),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)], days)

    def client(self, user: str, *groups: str, days: float = 30) -> KeyPair:
        """A client certificate: to Kubernetes CN is the user, O are its groups."""
        subject = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        subject.append(x509.NameAttribute(NameOID.COMMON_NAME, user))
        return self._issue(user.replace(":", "-"), subject, [
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)], days)

    def _issue(self, name: str, subject: list[x509.NameAttribute],
               extensions: list[tuple[x509.ExtensionType, bool]], days: float) -> KeyPair:
        key = new_key()
        pair = KeyPair(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        pair.cert.write_bytes(self._sign(x509.Name(subject), key, extensions, days))
        write_key(key, pair.key)
        return pair

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey,
              extensions: list[tuple[x509.ExtensionType, bool]], days: float = 30) -> bytes:
        now = datetime.datetime.now(datetime.UTC)
        builder = (x509.CertificateBuilder()
                   .subject_name(subject).issuer_name(self._name)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now - (_DAY if days > 0 else 60 * _DAY))
                   .not_valid_after(now + days * _DAY)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                       self._key.public_key()), False))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _alternative_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
