import Foundation
import TestSupport

/// The program in a terminal of its own, as a reader has it: what it draws can be read, and keys can be pressed.
final class PseudoTerminal {
    private let master: Int32
    private let process: pid_t
    /// All that it has written so far.
    private(set) var output = ""
    private var bytes: [UInt8] = []

    /// Starts `maskrcnn` in a terminal of a size.
    init(_ arguments: [String], width: Int, height: Int, environment: [String: String] = [:], in folder: URL)
        throws
    {
        // Linux: the terminal is unlocked and named by the kernel (ptmx(4)).
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (lock, number): (Int32, UInt32) = (0, 0)
        guard master >= 0, ioctl(master, 0x4004_5431, &lock) == 0, ioctl(master, 0x8004_5430, &number) == 0
        else {
            throw CocoaError(.fileNoSuchFile)
        }
        let path = "/dev/pts/\(number)"
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        // The first terminal that the leader of a session opens becomes the session's.
        // Signals that the thread of a test ignores or blocks are none of the program's concern.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for number in [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let session: Int32 = 0x80  // POSIX_SPAWN_SETSID
        let flags = session | Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK)
        posix_spawnattr_setflags(&attributes, Int16(flags))
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, path, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO)
        var variables = ["TERM": "xterm-256color", "PATH": "/usr/bin:/bin", "HOME": folder.path]
        variables.merge(environment) { $1 }
        let program = try builtProgram().path
        var process = pid_t()
        let start = ["sh", "-c", "cd \"$0\" && exec \"$@\"", folder.path, program]
        let words = (start + arguments).map { strdup($0) } + [nil]
        let settings = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + settings).forEach { free($0) } }
        var size = winsize(ws_row: UInt16(height), ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
        guard posix_spawn(&process, "/bin/sh", &actions, &attributes, words, settings) == 0 else {
            throw CocoaError(.fileNoSuchFile)
        }
        self.process = process
    }

    deinit {
        kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        close(master)
    }

    /// Gives the terminal another size.
    func resize(width: Int, height: Int) {
        var size = winsize(ws_row: UInt16(height), ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    /// Presses keys.
    func press(_ keys: String) {
        var bytes = Array(keys.utf8)
        _ = write(master, &bytes, bytes.count)
    }

    /// Waits until the text that was written since the last call has `part`.
    /// - Returns: that text; nil if it does not come, or the program ends before.
    func wait(for part: String, seconds: Double = 60) -> String? {
        let end = Date(timeIntervalSinceNow: seconds)
        while end.timeIntervalSinceNow > 0 {
            let text = String(decoding: bytes, as: UTF8.self)
            if text.contains(part) {
                bytes = []
                return text
            }
            guard read(seconds: 0.2) else { return nil }
        }
        return nil
    }

    /// Reads what is there.
    /// - Returns: whether the program may write more.
    private func read(seconds: Double) -> Bool {
        var waiting = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, Int32(seconds * 1000)) > 0 else { return true }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = Glibc.read(master, &buffer, buffer.count)
        guard count > 0 else { return false }
        bytes += buffer[..<count]
        output += String(decoding: buffer[..<count], as: UTF8.self)
        return true
    }

    /// Waits for the end of the program.
    /// - Returns: its exit status, or less than zero for the signal that ended it; nil if it does not end.
    func end(within seconds: Double = 60) -> Int32? {
        let end = Date(timeIntervalSinceNow: seconds)
        while end.timeIntervalSinceNow > 0 {
            if !read(seconds: 0.1) { usleep(50_000) }
            var status: Int32 = 0
            if waitpid(process, &status, WNOHANG) == process { return Self.code(status) }
        }
        return nil
    }

    private static func code(_ status: Int32) -> Int32 {
        status & 0x7f == 0 ? (status >> 8) & 0xff : -(status & 0x7f)
    }

    /// Sends it a signal.
    func send(_ signal: Int32) { kill(process, signal) }

    /// Whether the terminal gives lines and shows what is typed, as shells have it.
    var isPlain: Bool {
        var settings = termios()
        tcgetattr(master, &settings)
        return settings.c_lflag & tcflag_t(ICANON) != 0 && settings.c_lflag & tcflag_t(ECHO) != 0
    }
}
