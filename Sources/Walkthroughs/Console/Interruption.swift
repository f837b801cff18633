import Dispatch
import Foundation
import Synchronization

/// What is to be cleared away when the process is interrupted: commands that run in a group of their own, which
/// Ctrl-C does not reach, scratch folders, and a terminal's settings.
final class Interruption: Sendable {
    /// There is one process, so there is one of these.
    static let shared = Interruption()

    /// The process group that runs in each scratch folder; 0 when none does.
    private let sessions = Mutex<[String: pid_t]>([:])
    /// What else is to be done before the end.
    private let ending = Mutex<Ending?>(nil)
    /// Kept, because a source that nobody keeps stops.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    private init() {
        let queue = DispatchQueue(label: "interruption")
        // What is ignored, as SIGHUP is after `nohup`, stays so.
        let signals = Self.signals.filter { number in
            unsafeBitCast(signal(number, SIG_IGN), to: Int.self) != unsafeBitCast(SIG_IGN, to: Int.self)
        }
        sources = signals.map { DispatchSource.makeSignalSource(signal: $0, queue: queue) }
        for (number, source) in zip(signals, sources) {
            source.setEventHandler { [unowned self] in
                clear()
                // Ends as whoever sent the signal expects.
                signal(number, SIG_DFL)
                kill(getpid(), number)
            }
            source.resume()
        }
    }

    /// Notes what runs in a scratch folder; 0 for nothing.
    func note(_ group: pid_t, in folder: String) { sessions.withLock { $0[folder] = group } }

    /// What is to be done when the process is interrupted, before it ends; nil for nothing.
    func atEnd(_ body: (@Sendable () -> Void)?) {
        let ending = body.map { Ending(body: $0) }
        self.ending.withLock { $0 = ending }
    }

    /// A function in a mutex of its own would be wrapped once more whenever the mutex is locked.
    private struct Ending: Sendable {
        let body: @Sendable () -> Void
    }

    /// The folder is gone.
    func forget(_ folder: String) { sessions.withLock { $0[folder] = nil } }

    private func clear() {
        ending.withLock { $0 }?.body()
        sessions.withLock { sessions in
            for (folder, group) in sessions {
                if group > 0 { kill(-group, SIGKILL) }
                try? FileManager.default.removeItem(atPath: folder)
            }
        }
    }
}
