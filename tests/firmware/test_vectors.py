"""The expected values in the test firmware's sources, computed by Python's hashlib and cryptography."""
import hashlib
import hmac
import pathlib
import re
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "keys"))
import make_c  # noqa: E402


def strings(text):
    return ["".join(re.findall(r'"([^"]*)"', part)) for part in re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", text)]


def rows(path, table):
    body = re.search(table + r"\[\] = \{(.*?)\};", (HERE / path).read_text(), re.S).group(1)
    return re.findall(r"\{(.*?)\}", body, re.S)


def test_sha256_vectors():
    found = rows("crypto/self_test.c", "digest_vectors")
    assert len(found) == 5
    for row in found:
        name, message, _, digest = strings(row)
        repeat = int(re.search(r'",\s*(\d+),', row).group(1))
        assert hashlib.sha256(message.encode() * repeat).hexdigest() == digest, name


def test_sha512_vectors():
    text = (HERE / "crypto/self_test_ecdsa.c").read_text()
    messages, digests = (strings(re.search(name + r"\[\] = \{(.*?)\};", text, re.S).group(1))
                         for name in ("sha512_messages", "sha512_digests"))
    assert len(messages) == 2
    assert [hashlib.sha512(message.encode()).hexdigest() for message in messages] == digests


def test_hmac_vectors():
    found = rows("spe/vectors_crypto.c", "hmac_table")
    assert len(found) == 6
    for row in found:
        name, key, data, mac = strings(row)
        assert hmac.new(bytes.fromhex(key), bytes.fromhex(data), "sha256").hexdigest() == mac, name


def test_keys_in_c_are_the_pem_files():
    assert (HERE / "keys" / "test_keys.c").read_text() == make_c.source()


def test_aes_chain():
    text = (HERE / "spe/vectors_crypto.c").read_text()
    block, cipher = bytes(16), Cipher(algorithms.AES(bytes(16)), modes.ECB()).encryptor()
    for _ in range(1000):
        block = cipher.update(block)
    assert re.search(r'aes_chain\[\] = "(\w+)"', text).group(1) == block.hex()


def test_aes_counter_mode():
    text = (HERE / "spe/vectors_crypto.c").read_text()
    key, counter = (bytes.fromhex(re.search(rf'parse_hex\({name}, sizeof {name}, "(\w+)"\);\n', body).group(1))
                    for name, body in (("key", text), ("counter", text)))
    plain, cipher = (bytes.fromhex("".join(strings(re.search(name + r"\[\] =(.*?);", text, re.S).group(1))))
                     for name in ("ctr_plain", "ctr_cipher"))
    assert len(plain) == 64
    assert Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor().update(plain) == cipher


def test_ecdsa_vector():
    text = (HERE / "crypto/self_test_ecdsa.c").read_text()
    x_y, r_s = ("".join(strings(re.search(name + r"\[\] =(.*?);", text, re.S).group(1)))
                for name in ("ecdsa_key", "ecdsa_signature"))
    x, y, r, s = (int(half, 16) for both in (x_y, r_s) for half in (both[:64], both[64:]))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    key.verify(utils.encode_dss_signature(r, s), b"sample", ec.ECDSA(hashes.SHA256()))
