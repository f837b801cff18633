import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Memory of tensors that are gone, kept for new ones of about the same size.
///
/// A large block that comes fresh from the system costs a page fault for every few kilobytes of it, and the
/// system fills each page with zeros before the kernel that asked for it fills it again. Maps of tens of
/// megabytes come and go with every layer, so handing the same blocks round, in large pages where the system
/// has them, saves a tenth of the time of a picture.
enum MemoryPool {
    /// The smallest block that is worth keeping, in bytes.
    private static let smallest = 1 << 16
    /// How much unused memory is kept at most, in bytes.
    private static let capacity = 320 << 20
    /// A large page, in bytes.
    private static let largePage = 1 << 21

    private struct Free: @unchecked Sendable {
        /// Unused blocks by size.
        var blocks: [Int: [UnsafeMutableRawPointer]] = [:]
        var bytes = 0
    }

    private static let free = Mutex(Free())

    /// A block of at least `bytes`, aligned to 64: a cache line, and the widest vector register. Its contents
    /// are whatever they were.
    static func allocate(bytes: Int) -> UnsafeMutableRawPointer {
        let size = blockSize(for: bytes)
        guard size >= smallest else { return .allocate(byteCount: size, alignment: 64) }
        let reused = free.withLock { free in
            guard let block = free.blocks[size]?.popLast() else { return 0 }
            free.bytes -= size
            return Int(bitPattern: block)
        }
        if let block = UnsafeMutableRawPointer(bitPattern: reused) { return block }
        guard size >= 2 * largePage else { return .allocate(byteCount: size, alignment: 64) }
        let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: largePage)
        #if os(Linux)
            // A wish that the system may ignore.
            madvise(block, size, MADV_HUGEPAGE)
        #endif
        return block
    }

    /// Takes back a block that `allocate` gave for so many bytes.
    static func deallocate(_ block: UnsafeMutableRawPointer, bytes: Int) {
        let size = blockSize(for: bytes)
        let address = Int(bitPattern: block)
        let isKept =
            size >= smallest
            && free.withLock { free in
                guard free.bytes + size <= capacity, let block = UnsafeMutableRawPointer(bitPattern: address)
                else { return false }
                free.blocks[size, default: []].append(block)
                free.bytes += size
                return true
            }
        if !isKept { block.deallocate() }
    }

    /// Rounds up to one of eight sizes between two powers of two, so that maps of nearly the same size share
    /// blocks.
    private static func blockSize(for bytes: Int) -> Int {
        guard bytes >= smallest else { return max(bytes, 64) }
        let step = 1 << (Int.bitWidth - 1 - bytes.leadingZeroBitCount - 3)
        return (bytes + step - 1) / step * step
    }
}

/// Calls `body` with memory for `count` numbers that is its own until it returns; what it holds at first is
/// arbitrary. For the working memory of kernels: from the same pool as tensors.
public func withScratch<Result>(
    _ count: Int, _ body: (UnsafeMutablePointer<Float>) throws -> Result
) rethrows -> Result {
    let bytes = count * MemoryLayout<Float>.stride
    let block = MemoryPool.allocate(bytes: bytes)
    defer { MemoryPool.deallocate(block, bytes: bytes) }
    return try body(block.bindMemory(to: Float.self, capacity: count))
}
