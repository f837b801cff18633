import Dispatch
import Foundation
import Synchronization

/// How many threads the kernels may use. Results never depend on it: work is cut into the same blocks
/// whatever the number, and each block is computed by one thread.
public enum Threads {
    private static let limit = Atomic<Int>(0)

    /// The largest number of threads a kernel uses at once; 0, the default, is one per core.
    public static var maximum: Int {
        get { limit.load(ordering: .relaxed) }
        set { limit.store(max(newValue, 0), ordering: .relaxed) }
    }
}

/// Whether a loop further out already keeps every thread busy.
private enum Outer {
    @TaskLocal static var isBusy = false
}

private let cores = ProcessInfo.processInfo.activeProcessorCount

/// Calls `body` once for each index below `count`, on several cores at once.
///
/// `body` must write to places that no other index writes to. Blocks are handed out one at a time, so uneven
/// blocks even out. Inside a loop that has at least as many blocks as there are threads, loops run on the
/// thread that they are called on: handing work round would only cost.
func parallel(_ count: Int, _ body: @Sendable (Int) -> Void) {
    let threads = Threads.maximum == 0 ? cores : Threads.maximum
    if count <= 1 || threads == 1 || Outer.isBusy {
        for index in 0..<count { body(index) }
        return
    }
    // What the caller has set for itself holds on the other threads as well.
    let algorithm = ConvolutionAlgorithm.forced
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
        ConvolutionAlgorithm.$forced.withValue(algorithm) {
            Outer.$isBusy.withValue(count >= threads) {
                while case let index = next.add(1, ordering: .relaxed).oldValue, index < count { body(index) }
            }
        }
    }
}

/// Calls `body` for consecutive ranges of at most `size` that cover `0..<count`, on several cores at once.
func parallelBlocks(of size: Int, covering count: Int, _ body: @Sendable (Range<Int>) -> Void) {
    parallel((count + size - 1) / size) { block in
        body(block * size..<min((block + 1) * size, count))
    }
}

/// A pointer that several threads may use at once, each in places of its own.
struct Shared<Pointer>: @unchecked Sendable {
    let pointer: Pointer
    @inline(__always) init(_ pointer: Pointer) { self.pointer = pointer }
}

/// The results of `body` for each index below `count`, in order, computed on several cores at once.
public func parallelMap<Result: Sendable>(_ count: Int, _ body: @Sendable (Int) -> Result) -> [Result] {
    let results = Mutex<[Result?]>(Array(repeating: nil, count: count))
    parallel(count) { index in
        let result = body(index)
        results.withLock { $0[index] = result }
    }
    return results.withLock { $0.map { $0! } }
}
