import Dispatch
import Foundation
import Synchronization

private let coreCount = ProcessInfo.processInfo.activeProcessorCount

/// Calls `body` once for each index below `count`, on as many threads as ``ExecutionContext/threads`` allows.
///
/// `body` must write only to memory that no other index writes to. Indices are handed out one at a time,
/// which balances uneven work, and each index is computed by a single thread, so results do not depend on the
/// number of threads. A nested call runs on the calling thread when the outer loop has at least as many
/// indices as there are threads.
public func parallel(_ count: Int, _ body: @Sendable (Int) -> Void) {
    var context = ExecutionContext.current
    let threads = context.threads ?? coreCount
    if count <= 1 || threads == 1 || context.isInsideParallelLoop {
        for index in 0..<count { body(index) }
        return
    }
    context.isInsideParallelLoop = count >= threads
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: min(threads, count)) { [context] _ in
        ExecutionContext.$current.withValue(context) {
            while case let index = next.add(1, ordering: .relaxed).oldValue, index < count { body(index) }
        }
    }
}

/// Calls `body` for consecutive ranges of at most `size` indices that cover `0..<count`, as ``parallel(_:_:)`` does.
public func parallelBlocks(of size: Int, covering count: Int, _ body: @Sendable (Range<Int>) -> Void) {
    parallel((count + size - 1) / size) { block in
        body(block * size..<min((block + 1) * size, count))
    }
}

/// The results of `body` for each index below `count`, in order, computed as by ``parallel(_:_:)``.
public func parallelMap<Result: Sendable>(_ count: Int, _ body: @Sendable (Int) -> Result) -> [Result] {
    let results = Mutex<[Result?]>(Array(repeating: nil, count: count))
    parallel(count) { index in
        let result = body(index)
        results.withLock { $0[index] = result }
    }
    return results.withLock { $0.map { $0! } }
}

/// Like ``parallelMap(_:_:)``, but each thread takes `size` indices at a time: for cheap bodies.
public func parallelMap<Result: Sendable>(
    _ count: Int, inBlocksOf size: Int, _ body: @Sendable (Int) -> Result
) -> [Result] {
    let blocks = parallelMap((count + size - 1) / size) { block in
        (block * size..<min((block + 1) * size, count)).map { body($0) }
    }
    return Array(blocks.joined())
}
