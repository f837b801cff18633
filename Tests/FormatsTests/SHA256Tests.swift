import Formats
import Testing

@Suite("SHA-256")
struct SHA256Tests {
    /// The examples of FIPS 180-4.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func examples(message: String, digest: String) {
        #expect(SHA256.hexDigest(Array(message.utf8)) == digest)
    }

    /// NIST's example of a long message.
    @Test func millionLetters() {
        #expect(
            SHA256.hexDigest([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    /// Every way in which the padding can fall, and one to five blocks, whose schedules are made together:
    /// from Python's hashlib, the hash of the hashes of 0, 1, … 319 bytes 0, 1, 2, ….
    @Test func everyLength() {
        let digests = (0..<320).map { count in SHA256.hexDigest((0..<count).map { UInt8($0 & 255) }) }
        #expect(
            SHA256.hexDigest(Array(digests.joined().utf8))
                == "31ee54e048113e7dc89bf6688ab48aa616103ecbc8227bea123355c9f6285479")
    }
}
