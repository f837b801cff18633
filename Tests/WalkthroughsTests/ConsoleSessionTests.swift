import Drawing
import Foundation
import Testing

import Walkthroughs

/// How a page's commands are run; `echo` stands for the program.
@Suite struct ConsoleSessionTests {
    @Test func commandsShareOneFolderWhichGoesWithTheSession() throws {
        var session: ConsoleSession? = try ConsoleSession(program: "/bin/echo")
        #expect(try session?.run("ls").lines == [])
        #expect(try session?.run("echo kept > file").lines == [])
        #expect(try session?.run("cat file").lines == ["kept"])
        let folder = try #require(try session?.run("pwd").lines.first)
        #expect(FileManager.default.fileExists(atPath: folder))
        session = nil
        #expect(!FileManager.default.fileExists(atPath: folder))
    }

    @Test func outputAndErrorsComeTogetherWithTheStatus() throws {
        let session = try ConsoleSession(program: "/bin/echo")
        let outcome = try session.run("echo one; echo two >&2; echo three; exit 3")
        #expect(outcome.lines == ["one", "two", "three"])
        #expect(outcome.status == 3 && outcome.fault == nil)
        #expect(try session.run("kill -9 $$").status == nil)
        #expect(try session.run("cat").lines == [])
        #expect(try session.run("printf 'a\\n\\nb'").lines == ["a", "", "b"])
    }

    @Test func theProgramIsOnThePathAndTheScreenIsPlain() throws {
        let session = try ConsoleSession(program: "/bin/echo")
        #expect(try session.run("maskrcnn 'two words' \"it's\"").lines == ["two words it's"])
        #expect(try session.run("echo $COLUMNS $NO_COLOR $TERM").lines == ["80 1 dumb"])
        #expect(try session.run("test -t 1 || echo none").lines == ["none"])
    }

    @Test func aCommandThatHangsIsEndedWithAllThatItStarted() throws {
        let session = try ConsoleSession(program: "/bin/echo", timeLimit: 1)
        let outcome = try session.run("echo begun; sleep 1000 & echo $!; sleep 1000")
        #expect(outcome.fault == "was ended after 1 s")
        #expect(outcome.status == nil)
        #expect(outcome.lines.first == "begun")
        let child = try #require(outcome.lines.last.flatMap { pid_t($0) })
        // It may still be on its way out.
        #expect(
            try session.run("for i in 1 2 3 4 5 6 7 8; do kill -0 \(child) || break; sleep 0.1; done").status
                == 0)
        let state = try session.run("ps -o stat= -p \(child) || true").lines.first ?? "Z"
        #expect(state.hasPrefix("Z"))
    }

    @Test func outputIsBounded() throws {
        let outcome = try ConsoleSession(program: "/bin/echo").run("yes")
        #expect(outcome.fault == "was ended after 1 MB of output")
    }

    @Test func optionsAreAddedWhereTheyBelong() throws {
        let options = AddedOptions(
            picture: ["--image", "/a b/it's.png"], model: ["--weights", "w.pth"],
            pictureCommands: ["figures", "calculate pixel"], modelCommands: ["figures", "inspect"],
            argumentCommands: ["record"])
        let session = try ConsoleSession(program: "/bin/echo", options: options)
        func line(_ command: String) throws -> String? { try session.run(command).lines.first }
        #expect(
            try line("maskrcnn figures input") == "figures input --image /a b/it's.png --weights w.pth")
        #expect(try line("maskrcnn calculate pixel") == "calculate pixel --image /a b/it's.png")
        #expect(try line("maskrcnn calculate overlap") == "calculate overlap")
        #expect(try line("maskrcnn inspect") == "inspect --weights w.pth")
        #expect(try line("maskrcnn record -o x") == "record /a b/it's.png -o x")
        #expect(try line("maskrcnn record") == "record /a b/it's.png")
        #expect(try line("maskrcnn record y.png -o x") == "record y.png -o x")
        // What a page says itself stays.
        #expect(try line("maskrcnn inspect --random-weights 1") == "inspect --random-weights 1")
        #expect(
            try line("maskrcnn figures x --image y.png") == "figures x --image y.png --weights w.pth")
    }

    @Test func theSameOptionsAreAddedWithoutAShell() throws {
        let options = AddedOptions(
            picture: ["--image", "/a b/it's.png"], model: ["--weights", "w.pth"],
            pictureCommands: ["figures", "calculate pixel"], modelCommands: ["figures", "inspect"],
            argumentCommands: ["record"])
        let session = try ConsoleSession(program: "/bin/echo", options: options)
        var here: [String] = []
        let other = try ConsoleSession(program: "/bin/echo", options: options) { arguments, _ in
            here = arguments
            return .init(lines: [], status: 0)
        }
        for command in [
            "figures input", "figures", "calculate pixel", "calculate overlap", "inspect", "record -o x",
            "record",
            "record y.png -o x", "inspect --random-weights 1", "figures x --image y.png", "inspection",
        ] {
            _ = try other.run("maskrcnn \(command)")
            #expect(
                try session.run("maskrcnn \(command)").lines == [here.joined(separator: " ")], "\(command)")
        }
    }

    @Test func whatNeedsAShellGetsOne() throws {
        let session = try ConsoleSession(program: "/bin/echo") { _, _ in .init(lines: ["here"], status: 0) }
        for command in ["maskrcnn figures", "maskrcnn record \\\n  --stages 'input.*'", "maskrcnn \"a b\""] {
            #expect(try session.run(command).lines == ["here"], "\(command)")
        }
        for command in [
            "maskrcnn a; echo", "maskrcnn a | cat", "echo maskrcnn", "maskrcnn a && true", "X=1 maskrcnn a",
        ] {
            #expect(try session.run(command).lines != ["here"], "\(command)")
        }
    }

    // As a shell parts them.
    @Test(arguments: [
        "maskrcnn a  b", "maskrcnn 'a b' c", "maskrcnn \"it's\"''x", "maskrcnn a \\\n b", "maskrcnn --x=y ''",
    ])
    func wordsAreThoseOfAShell(_ command: String) throws {
        let words = try #require(plainWords(of: command))
        let shell = try ConsoleSession(program: "/bin/echo").run("set -- \(command); printf '%s\\n' \"$@\"")
        #expect(words == shell.lines)
    }

    @Test(arguments: ["a > b", "a $x", "a *", "a 'b", "x=1", "", "a \\b", "\"$x\"", "~ a", "a # b"])
    func othersAreNotParted(_ command: String) { #expect(plainWords(of: command) == nil) }
}
