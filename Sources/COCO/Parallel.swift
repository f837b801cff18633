import Dispatch
import Synchronization

/// The results of `body` for each index below `count`, in order, computed on several cores at once. What they
/// are does not depend on how many there are.
func parallelMap<Result: Sendable>(_ count: Int, _ body: @Sendable (Int) -> Result) -> [Result] {
    let results = Mutex<[Result?]>(Array(repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { index in
        let result = body(index)
        results.withLock { $0[index] = result }
    }
    return results.withLock { $0.compactMap { $0 } }
}

/// Like ``parallelMap(_:_:)`` for work so small that many indices are taken at once.
func parallelMap<Result: Sendable>(
    _ count: Int, inBlocksOf size: Int, _ body: @Sendable (Int) -> Result
) -> [Result] {
    let blocks = parallelMap((count + size - 1) / size) { block in
        (block * size..<min((block + 1) * size, count)).map { body($0) }
    }
    return Array(blocks.joined())
}
