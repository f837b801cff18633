import Formats
import Foundation

/// Runs the commands of one page, in order, in a scratch folder of its own.
///
/// Each is given to `sh -c`, with nothing to read, in UTF-8, 80 columns wide and without colours; `maskrcnn` is
/// the given program. The folder is gone when the session is.
package final class ConsoleSession {
    /// What came of a command.
    package struct Outcome: Sendable {
        /// What it printed, standard output and standard error as they came, line by line.
        package let lines: [String]
        /// The exit status; nil if it was ended, by a signal or by the session.
        package let status: Int32?
        /// Why the session ended the command, if it did: "was ended after 60 s".
        package let fault: String?

        /// What came of a command that ended by itself.
        package init(lines: [String], status: Int32) { self.init(lines: lines, status: status, fault: nil) }

        fileprivate init(lines: [String], status: Int32?, fault: String?) {
            (self.lines, self.status, self.fault) = (lines, status, fault)
        }
    }

    /// Runs a command of the program, given its arguments and the folder to run it in, without starting a process;
    /// nil for those that it does not run.
    package typealias RunHere = (_ arguments: [String], _ folder: String) -> Outcome?

    private let root: String
    private let timeLimit: Double
    private let environment: [String]
    private let options: AddedOptions?
    private let runHere: RunHere
    /// What `maskrcnn` is in the session.
    private let script: String
    /// A page shows a screen or two.
    private static let outputLimit = 1_000_000

    private var folder: String { root + "/scratch" }

    /// Makes the scratch folder.
    /// - Parameters:
    ///   - program: what `maskrcnn` stands for.
    ///   - options: added to commands of the program that take them.
    ///   - timeLimit: seconds after which a command is ended, with all that it started.
    ///   - runHere: takes the commands that it can, of those that need no shell.
    /// - Throws: `FileError` when the folder cannot be made.
    package init(
        program: String, options: AddedOptions? = nil, timeLimit: Double = 60,
        runHere: @escaping RunHere = { _, _ in nil }
    ) throws {
        self.options = options
        self.runHere = runHere
        let parent = FileManager.default.temporaryDirectory.path
        root = parent + "/maskrcnn-" + UUID().uuidString
        self.timeLimit = timeLimit
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = "\(root)/bin:" + (environment["PATH"] ?? "/usr/bin:/bin")
        environment["COLUMNS"] = "80"
        environment["NO_COLOR"] = "1"
        environment["TERM"] = "dumb"
        environment["LC_ALL"] = "C.UTF-8"
        self.environment = environment.map { "\($0.key)=\($0.value)" }
        Interruption.shared.note(0, in: root)
        // A script rather than a link: the program looks for its resources beside itself.
        script = """
            #!/bin/sh
            \(options?.shellCode ?? "")
            exec \(shellQuoted(program)) "$@"

            """
        do {
            for name in ["bin", "scratch"] {
                try FileManager.default.createDirectory(
                    atPath: root + "/" + name, withIntermediateDirectories: true)
            }
        } catch {
            Interruption.shared.forget(root)
            try? FileManager.default.removeItem(atPath: root)
            throw FileError(path: parent, fault: "has no room for a scratch folder")
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: root)
        Interruption.shared.forget(root)
    }

    /// Runs a command to its end.
    /// - Throws: `FileError` when no shell can be started.
    package func run(_ command: String) throws -> Outcome {
        if let words = plainWords(of: command), words.first == "maskrcnn",
            let outcome = runHere(
                options?.added(to: Array(words.dropFirst())) ?? Array(words.dropFirst()), folder)
        {
            return outcome
        }
        guard let (reading, writing) = privatePipe() else {
            throw FileError(path: "sh", fault: "cannot be started")
        }
        defer { close(reading) }
        let started = start(command, output: writing, closing: reading)
        close(writing)
        guard let process = started else { throw FileError(path: "sh", fault: "cannot be started") }
        Interruption.shared.note(process, in: root)
        defer { Interruption.shared.note(0, in: root) }
        let (bytes, fault) = collect(from: reading)
        // The shell leads a process group of its own, so that this ends everything that it started.
        if fault != nil { kill(-process, SIGKILL) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        let ended = fault == nil && status & 0x7f == 0
        return Outcome(
            lines: Self.lines(of: bytes), status: ended ? (status >> 8) & 0xff : nil, fault: fault)
    }

    private func start(_ command: String, output: Int32, closing other: Int32) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
        posix_spawn_file_actions_addclose(&actions, output)
        posix_spawn_file_actions_addclose(&actions, other)
        posix_spawnattr_setpgroup(&attributes, 0)
        // Signals that this process ignores or blocks are none of the command's concern.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for number in [SIGPIPE, SIGXFSZ, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP] {
            sigaddset(&signals, number)
        }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = POSIX_SPAWN_SETPGROUP | Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK)
        posix_spawnattr_setflags(&attributes, Int16(flags))
        // The shell writes the script: a file that this process had open for writing could not be run as long as
        // some other child, started at that moment, holds it open too.
        let start = """
            test -x "$3" || { printf %s "$4" > "$3" && chmod 755 "$3"; }
            cd "$1" && exec sh -c "$2"
            """
        let arguments = ["sh", "-c", start, "sh", folder, command, root + "/bin/maskrcnn", script]
        var process = pid_t()
        let failure = withCStrings(arguments) { arguments in
            withCStrings(environment) { environment in
                posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, environment)
            }
        }
        return failure == 0 ? process : nil
    }

    /// Everything that comes out, until its end, the time limit or the size limit.
    private func collect(from descriptor: Int32) -> (bytes: [UInt8], fault: String?) {
        let end = Date(timeIntervalSinceNow: timeLimit)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let left = end.timeIntervalSinceNow
            guard left > 0 else { return (bytes, "was ended after \(Int(timeLimit)) s") }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, Int32(min(left * 1000 + 1, 60_000))) > 0 else { continue }
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return (bytes, nil) }
            bytes += buffer[..<count]
            if bytes.count > Self.outputLimit {
                return (bytes, "was ended after \(Self.outputLimit / 1_000_000) MB of output")
            }
        }
    }

    /// The lines of some output.
    package static func lines(of bytes: [UInt8]) -> [String] {
        var lines = String(decoding: bytes, as: UTF8.self)
            .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        if lines.last == "" { lines.removeLast() }
        return lines
    }
}

/// The words of a command for which a shell does nothing but part them: no pipe, redirection, variable or pattern.
/// Nil for other commands.
package func plainWords(of command: String) -> [String]? {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var characters = Array(command)[...]
    while let character = characters.popFirst() {
        if let open = quote {
            if character == open {
                quote = nil
            } else if open == "\"" && "$`\\!".contains(character) {
                return nil
            } else {
                word?.append(character)
            }
        } else if character == "\\" {
            // At the end of a line it carries the command on to the next.
            guard characters.popFirst()?.isNewline == true else { return nil }
        } else if character == " " {
            if let whole = word { words.append(whole) }
            word = nil
        } else if character == "'" || character == "\"" {
            quote = character
            word = word ?? ""
        } else if character.isWhitespace || "|&;<>$`*?[](){}~!#".contains(character) {
            return nil
        } else {
            word = (word ?? "") + String(character)
        }
    }
    guard quote == nil else { return nil }
    if let word { words.append(word) }
    // What would set a variable.
    return words.first.map { $0.contains("=") } ?? true ? nil : words
}

/// A word that a shell takes as it is.
func shellQuoted(_ word: String) -> String { "'" + word.replacing("'", with: #"'\''"#) + "'" }

/// A pipe that other children, started at the same time, do not inherit: they would keep it from ending.
func privatePipe() -> (reading: Int32, writing: Int32)? {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
}

/// Calls `body` with the strings as C has them, and a null pointer at the end.
private func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let copies = strings.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return body(copies + [nil])
}
