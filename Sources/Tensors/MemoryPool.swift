import Synchronization

/// Memory of tensors that are gone, kept for new ones of about the same size.
///
/// A large block that comes fresh from the system costs a page fault for every few kilobytes of it, and the
/// system fills each page with zeros before the kernel that asked for it fills it again. Maps of tens of
/// megabytes come and go with every layer, so handing the same blocks round saves a good part of the time of a
/// layer that is limited by memory.
///
/// Only blocks of at least a megabyte are kept, and no more than ``capacity`` of them together.
enum MemoryPool {
    /// The smallest block that is worth keeping, in bytes.
    private static let smallest = 1 << 20
    /// How much unused memory is kept at most, in bytes.
    private static let capacity = 192 << 20

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
        if size >= smallest {
            let reused = free.withLock { free in
                guard let block = free.blocks[size]?.popLast() else { return Int?.none }
                free.bytes -= size
                return Int(bitPattern: block)
            }
            if let block = reused.flatMap(UnsafeMutableRawPointer.init(bitPattern:)) { return block }
        }
        return .allocate(byteCount: size, alignment: 64)
    }

    /// Takes back a block that `allocate` gave for so many bytes.
    static func deallocate(_ block: UnsafeMutableRawPointer, bytes: Int) {
        let size = blockSize(for: bytes)
        let address = Int(bitPattern: block)
        let isKept =
            size >= smallest
            && free.withLock { free in
                guard free.bytes + size <= capacity, let block = UnsafeMutableRawPointer(bitPattern: address)
                else {
                    return false
                }
                free.blocks[size, default: []].append(block)
                free.bytes += size
                return true
            }
        if !isKept { block.deallocate() }
    }

    /// Rounds up to one of four sizes between two powers of two, so that maps of nearly the same size share
    /// blocks.
    private static func blockSize(for bytes: Int) -> Int {
        guard bytes >= smallest else { return max(bytes, 64) }
        let step = 1 << (Int.bitWidth - 1 - bytes.leadingZeroBitCount - 2)
        return (bytes + step - 1) / step * step
    }
}
