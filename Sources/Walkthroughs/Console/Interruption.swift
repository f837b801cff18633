import Dispatch
import Foundation
import Synchronization

/// What is to be cleared away when the process is interrupted: commands that run in a group of their own, which
/// Ctrl-C does not reach, and scratch folders.
final class Interruption: Sendable {
    /// There is one process, so there is one of these.
    static let shared = Interruption()

    /// The process group that runs in each scratch folder; 0 when none does.
    private let sessions = Mutex<[String: pid_t]>([:])
    /// Kept, because a source that nobody keeps stops.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    private init() {
        let queue = DispatchQueue(label: "interruption")
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for (number, source) in zip([SIGINT, SIGTERM], sources) {
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

    /// The folder is gone.
    func forget(_ folder: String) { sessions.withLock { $0[folder] = nil } }

    private func clear() {
        sessions.withLock { sessions in
            for (folder, group) in sessions {
                if group > 0 { kill(-group, SIGKILL) }
                try? FileManager.default.removeItem(atPath: folder)
            }
        }
    }
}
