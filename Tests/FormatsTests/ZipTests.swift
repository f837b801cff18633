import Formats
import Testing

@Suite("zip")
struct ZipTests {
    private let array = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", [7, 8, 9])

    @Test func storedAndDeflated() throws {
        var builder = ZipBuilder(.init("a.npy", array), .deflated("b.npy", array))
        builder.comment = Array("PK\u{5}\u{6} in a comment".utf8)
        let file = try TensorFile(builder.build(), path: "f")
        #expect(file.names == ["a", "b"])
        #expect(try file["a"]?.bytes() == [7, 8, 9])
        #expect(try file["b"]?.bytes() == [7, 8, 9])
    }

    /// The wide end record counts where there is one, and the wide sizes where the narrow ones are at their
    /// largest.
    @Test func wide() throws {
        var builder = ZipBuilder(.init("a.npy", array))
        builder.members[0].size = .max
        builder.members[0].packedSize = .max
        builder.members[0].headerOffset = .max
        let size = UInt64(array.count)
        builder.members[0].extra =
            [0xFF, 0xEE, 1, 0, 0] + [1, 0, 24, 0] + littleEndian(size) + littleEndian(size)
            + littleEndian(UInt64(0))
        _ = builder.build()
        let directory = builder.directory
        builder.count = .max
        builder.directoryOffset = .max
        builder.directorySize = .max
        builder.wide = (1, UInt64(directory.count), UInt64(directory.lowerBound), nil)
        #expect(try TensorFile(builder.build(), path: "f")["a"]?.bytes() == [7, 8, 9])

        builder.wide = (1, .max, UInt64(directory.lowerBound), nil)
        expectFault("length that no file has", builder.build())
        builder.wide = (1, UInt64(Int.max), UInt64(directory.lowerBound), nil)
        expectFault("outside the file", builder.build())
        builder.wide = (1, UInt64(directory.count), UInt64(Int.max), nil)
        expectFault("outside the file", builder.build())
        builder.wide = (UInt64(Int.max), UInt64(directory.count), UInt64(directory.lowerBound), nil)
        expectFault("more zip members than", builder.build())
        for position in [UInt64(Int.max), 0, UInt64(directory.upperBound + 60)] {
            builder.wide = (1, UInt64(directory.count), UInt64(directory.lowerBound), position)
            expectFault("points to nothing", builder.build())
        }
    }

    @Test func wideSizesThatLie() {
        for position in 0..<3 {
            for lie in [UInt64.max, UInt64(Int.max), UInt64(Int.max) - 40, 1 << 40] {
                var builder = ZipBuilder(.init("a.npy", array))
                builder.members[0].size = .max
                builder.members[0].packedSize = .max
                builder.members[0].headerOffset = .max
                var sizes = [UInt64(array.count), UInt64(array.count), 0]
                sizes[position] = lie
                builder.members[0].extra = [1, 0, 24, 0] + sizes.flatMap { littleEndian($0) }
                #expect(throws: FileError.self) { try TensorFile(builder.build(), path: "f") }
            }
        }
    }

    @Test func rejected() {
        func expectFault(_ fault: String, _ change: (inout ZipBuilder) -> Void) {
            var builder = ZipBuilder(.init("a.npy", array), .init("b.npy", array))
            change(&builder)
            FormatsTests.expectFault(fault, builder.build())
        }
        expectFault("'a.npy' twice") { $0.members[1].name = $0.members[0].name }
        expectFault("'b.npy' is encrypted") { $0.members[1].flags = 1 }
        expectFault("packed by method 12") { $0.members[1].method = 12 }
        expectFault("two different sizes") { $0.members[1].size = 5 }
        expectFault("not where the directory says") { $0.members[1].headerOffset = 1 }
        expectFault("not where the directory says") { $0.members[1].headerOffset = 0xFFFF_FFF0 }
        expectFault("overlap") { $0.members[1].headerOffset = 0 }
        expectFault("overlap") {
            $0.members[0].size = UInt32(array.count + 20)
            $0.members[0].packedSize = UInt32(array.count + 20)
        }
        expectFault("reaches outside the file") {
            $0.members[1].size = 1 << 30
            $0.members[1].packedSize = 1 << 30
        }
        expectFault("not UTF-8") { $0.members[1].name = [0xFF, 0xFE] }
        expectFault("in several") { $0.disk = 1 }
        expectFault("outside the file") { $0.directoryOffset = 0xFFFF_FFF0 }
        expectFault("outside the file") { $0.directorySize = 0xFFFF_FFF0 }
        expectFault("more zip members than") { $0.count = 60000 }
        expectFault("more entries than it says") { $0.count = 1 }
        expectFault("wrong signature") { $0.directoryOffset = 0 }
        expectFault("no npy array") { $0.members[1].name = Array("readme.txt".utf8) }
        FormatsTests.expectFault("without an end", Array(ZipBuilder.bytes(.init("a.npy", array)).dropLast()))
    }

    /// An archive of nothing, as `numpy.savez` without arrays writes it.
    @Test func emptyArchive() throws {
        let file = try TensorFile(ZipBuilder.bytes(), path: "f")
        #expect(file.container == .npz)
        #expect(file.names.isEmpty)
    }

    /// A member that unpacks to more or less than is declared, or to something else.
    @Test func damagedMembers() throws {
        for size in [array.count - 1, array.count + 1] {
            var member = ZipBuilder.Member.deflated("a.npy", array)
            member.size = UInt32(size)
            #expect(throws: FileError.self) { try TensorFile(ZipBuilder.bytes(member), path: "f") }
        }
        var member = ZipBuilder.Member.deflated("a.npy", array)
        member.checksum = 0
        expectFault("checksum differs", ZipBuilder.bytes(member))
        member = .deflated("a.npy", array)
        member.data.removeLast()
        expectFault("is damaged", ZipBuilder.bytes(member))
        member = .deflated("a.npy", array)
        member.data.append(0)
        expectFault("is damaged", ZipBuilder.bytes(member))
        member = .deflated("a.npy", array)
        member.data[0] = 7
        expectFault("is damaged", ZipBuilder.bytes(member))
    }

    /// Deflate gains a factor of 1032 at most: a claim beyond that, or beyond any tensor, is not even tried.
    @Test func impossibleSizes() {
        var member = ZipBuilder.Member.deflated("a.npy", array)
        member.size = UInt32(1032 * (member.data.count + 1))
        expectFault("which it cannot", ZipBuilder.bytes(member))
        member.size = 0xFFFF_FFF0
        expectFault("which it cannot", ZipBuilder.bytes(member))
    }
}
