"""Makes certificates that `vedette identity` would not: of another authority, expired, without a name, with a wrong one."""
import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


class Authority:
    """A P-256 authority: one of its own, or, with Authority.load, the one that `vedette identity init` made."""

    def __init__(self, certificate, key):
        self.certificate, self.key = certificate, key

    @classmethod
    def new(cls, name="another authority"):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _builder(subject, subject, key, -DAY, 30 * DAY).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True)
        return cls(builder.sign(key, hashes.SHA256()), key)

    @classmethod
    def load(cls, folder):
        folder = Path(folder)
        return cls(x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes()),
                   serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None))

    def issue(self, folder, stem, uris=(), begins=-DAY, ends=DAY, curve=ec.SECP256R1):
        """Writes folder/stem.pem and .key; begins and ends are counted from now. Returns both paths."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(curve())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, stem)])
        builder = _builder(subject, self.certificate.subject, key, begins, ends)
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        if uris:
            names = [x509.UniformResourceIdentifier(uri) for uri in uris]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        paths = folder / f"{stem}.pem", folder / f"{stem}.key"
        paths[0].write_bytes(_pem(certificate) + _pem(self.certificate))
        paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                               serialization.NoEncryption()))
        paths[1].chmod(0o600)
        return paths

    def write(self, path):
        """The authority's own certificate, as a CA file."""
        Path(path).write_bytes(_pem(self.certificate))


def _builder(subject, issuer, key, begins, ends):
    now = datetime.datetime.utcnow()
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now + begins).not_valid_after(now + ends))


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)
