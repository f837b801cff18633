import Testing

import COCO

private func read<Value>(_ text: String, _ body: (inout JSONReader) throws -> Value) throws -> Value {
    try Array(text.utf8).withUnsafeBytes { bytes in
        var reader = JSONReader(bytes)
        let value = try body(&reader)
        try reader.expectEnd()
        return value
    }
}

@Suite struct JSONReaderTests {
    /// The expected doubles are the compiler's.
    @Test(arguments: [
        ("0", 0.0), ("-0", -0.0), ("12", 12), ("-3.25", -3.25), ("1e3", 1000), ("1E+3", 1000), ("25e-1", 2.5),
        ("0.1", 0.1), ("258.15", 258.15), ("0.30000000000000004", 0.30000000000000004),
        ("123456789012345678", 123_456_789_012_345_680), ("9007199254740993", 9_007_199_254_740_992),
        ("1.7976931348623157e308", 1.7976931348623157e308), ("5e-324", .leastNonzeroMagnitude), ("1e-400", 0),
        ("1e400", .infinity), ("-Infinity", -.infinity), ("Infinity", .infinity),
        ("1e999999999999999999999", .infinity), ("8.5e22", 8.5e22), ("1e23", 1e23),
        ("0.000000000000000000000001", 1e-24), ("0.0000000000000000001", 1e-19),
        ("1.00000000000000011", 1.00000000000000011), ("0.1234567890123456785", 0.1234567890123456785),
    ])
    func numbers(_ text: String, _ expected: Double) throws {
        let found = try read(text) { try $0.number() }
        #expect(found.bitPattern == expected.bitPattern, "\(text) is \(found)")
    }

    /// The same numbers as Swift reads, for many of them.
    @Test func numbersAreNearest() throws {
        var state: UInt64 = 1
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let digits = String((state >> 11) >> (state % 50))
            let texts = [
                digits, "0.\(digits)", "-\(digits)e\(Int((state >> 40) % 50) - 25)",
                "1\(digits.dropFirst()).5",
            ]
            for text in texts {
                #expect(try read(text) { try $0.number() } == Double(text), "\(text)")
            }
        }
    }

    @Test func integers() throws {
        for value in [
            0, -1, 9_007_199_254_740_993, .max, .min, 999_999_999_999_999_999, -999_999_999_999_999_999,
        ] {
            #expect(try read("\(value)") { try $0.integer() } == value)
        }
        #expect(try read("17.0") { try $0.integer() } == 17)
        #expect(try read("2e3") { try $0.integer() } == 2000)
        for text in [
            "9223372036854775808", "-9223372036854775809", "1.5", "1e30", "NaN", "true", "\"1\"", "",
        ] {
            #expect(throws: JSONFault.self, "\(text)") { try read(text) { try $0.integer() } }
        }
    }

    @Test(arguments: [
        (#""""#, ""), (#""dog""#, "dog"), (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u00e9\u65E5\ud83d\uDE00""#, "é日😀"), (#""é日😀""#, "é日😀"),
        (#""\ud83d""#, "\u{FFFD}"), (#""\ud83dx""#, "\u{FFFD}x"), (#""\ude00\n""#, "\u{FFFD}\n"),
        (#""\ud83d\u0041""#, "\u{FFFD}A"),
    ])
    func strings(_ text: String, _ expected: String) throws {
        #expect(try read(text) { try $0.string() } == expected)
    }

    @Test(arguments: [#""a"#, #""\u00g0""#, #""\u00""#, #""\x""#, "\"\n\"", "3", "\"\\"])
    func brokenStrings(_ text: String) {
        #expect(throws: JSONFault.self) { try read(text) { try $0.string() } }
    }

    @Test func anyValueIsSteppedOver() throws {
        let nested = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        for text in [
            "{}", "[]", " [ ] ", "[[],[{}],{\"a\":[]}]",
            "{\"a\": {\"b\": [1, 2.5e1, -0, \"]}\"]}, \"c\": null}",
            "true", "false", "[null,true,NaN,-Infinity]", nested,
        ] { try read(text) { try $0.skipValue() } }
        for text in [
            "", "{", "[", "[}", "{]", "[1", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[,]", "[1,]", "-", "+1",
            ".5",
            "1.e1", "tru", "[\"]", "{} {}", "[1]]", "[\(nested)]", "-NaN", "infinity",
        ] { #expect(throws: JSONFault.self, "\(text)") { try read(text) { try $0.skipValue() } } }
    }

    /// In Python's reader too the last of several equal keys counts.
    @Test func membersComeInOrder() throws {
        var members: [String] = []
        try read(#"{"b": 1, "a": 2, "b" : 3}"#) { reader in
            try reader.object { reader, key in members.append("\(key)\(try reader.integer())") }
        }
        #expect(members == ["b1", "a2", "b3"])
    }
}
