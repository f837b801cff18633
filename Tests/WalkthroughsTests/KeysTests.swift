import Testing

import Walkthroughs

/// What bytes of a terminal mean, and what keys do.
@Suite struct KeysTests {
    private func keys(_ bytes: String) -> [Key] {
        var parser = KeyParser()
        return parser.keys(adding: bytes.utf8)
    }

    @Test func bytesBecomeKeys() {
        #expect(
            keys("a ?\r\n\u{7F}\u{4}") == [
                .character("a"), .character(" "), .character("?"), .enter, .enter, .backspace, .end,
            ])
        #expect(
            keys("\u{1B}[A\u{1B}[B\u{1B}OC\u{1B}[D\u{1B}[5~\u{1B}[6~") == [
                .back, .forward, .forward, .back, .back, .forward,
            ])
        #expect(keys("é写") == [.character("é"), .character("写")])
        // A key that means nothing here, such as F5 or a function with a modifier, does nothing.
        #expect(keys("\u{1B}[15~\u{1B}[1;5Cq") == [.character("q")])
    }

    @Test func keysComeInPieces() {
        var parser = KeyParser()
        #expect(parser.keys(adding: [0x1B]) == [] && parser.isWaiting)
        #expect(parser.keys(adding: [0x5B]) == [])
        #expect(parser.keys(adding: [0x36, 0x7E]) == [.forward] && !parser.isWaiting)
        #expect(parser.keys(adding: [0xC3]) == [])
        #expect(parser.keys(adding: [0xA9]) == [.character("é")])
        #expect(parser.keys(adding: [0x1B]) == [])
        #expect(parser.flush() == [.escape] && !parser.isWaiting)
    }

    @Test func brokenBytesAreSkipped() {
        #expect(
            keys(String(decoding: [0x61, 0x00, 0x62], as: UTF8.self)) == [.character("a"), .character("b")])
    }

    private func results(_ bytes: String) -> [LineComposer.Result] {
        var composer = LineComposer()
        return keys(bytes).map { composer.take($0) }
    }

    @Test func mostKeysAreAnswersByThemselves() {
        #expect(
            results(" \rb?qn\u{7F}\u{1B}[6~\u{1B}[5~x\u{4}") == [
                .answer(""), .answer(""), .answer("b"), .answer("?"), .answer("q"), .answer("n"),
                .answer("b"),
                .answer(""), .answer("b"), .answer("x"), .answer(nil),
            ])
    }

    @Test func namesAndSearchesAreTyped() {
        #expect(
            results("grp\u{7F}pn\r").suffix(4) == [
                .typing("Go to: r"), .typing("Go to: rp"), .typing("Go to: rpn"), .answer("g rpn"),
            ])
        #expect(results("/a b\r").last == .answer("/a b"))
        #expect(results("12\r") == [.typing("Go to: 1"), .typing("Go to: 12"), .answer("g 12")])
        #expect(results("gx\u{15}").last == .typing("Go to: "))
        // Given up: an empty line, or Backspace at its beginning.
        #expect(results("g\r") == [.typing("Go to: "), .typing(nil)])
        #expect(results("/\u{7F}q") == [.typing("Search: "), .typing(nil), .answer("q")])
    }
}
