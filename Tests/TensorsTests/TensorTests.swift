import Testing

import Tensors

@Suite("Tensor")
struct TensorTests {
    /// Memory that a tensor borrows, and a note when it is returned.
    final class Owner: @unchecked Sendable {
        let elements: UnsafeMutableBufferPointer<Float>
        private let returned: Flag

        final class Flag: @unchecked Sendable { var isRaised = false }

        init(_ values: [Float], returned: Flag = Flag()) {
            elements = .allocate(capacity: values.count)
            _ = elements.initialize(from: values)
            self.returned = returned
        }

        deinit {
            elements.deallocate()
            returned.isRaised = true
        }

        func tensor(_ shape: [Int]) -> Tensor {
            Tensor(shape: shape, reading: UnsafeBufferPointer(elements), owner: self)
        }
    }

    @Test("four ways to make one")
    func making() {
        #expect(Tensor(shape: [2, 3], elements: [1, 2, 3, 4, 5, 6]).array == [1, 2, 3, 4, 5, 6])
        #expect(Tensor(shape: [2, 2]).array == [0, 0, 0, 0])
        #expect(Tensor(shape: [3], repeating: 2.5).array == [2.5, 2.5, 2.5])
        let filled = Tensor(shape: [2, 2]) { for index in $0.indices { $0[index] = Float(index) } }
        #expect(filled.array == [0, 1, 2, 3])
        #expect(filled.shape == [2, 2] && filled.count == 4)
    }

    @Test("a scalar, and tensors of nothing")
    func small() {
        var scalar = Tensor(shape: [], elements: [7])
        #expect(scalar.count == 1 && scalar[] == 7)
        scalar[] = 8
        #expect(scalar.array == [8])
        var nothing = Tensor(shape: [3, 0, 2])
        #expect(nothing.count == 0 && nothing.array.isEmpty)
        nothing.withUnsafeMutableElements { #expect($0.isEmpty) }
        var borrowed = Tensor(
            shape: [0], reading: UnsafeBufferPointer(start: nil, count: 0), owner: Owner([]))
        #expect(borrowed.array.isEmpty)
        borrowed.withUnsafeMutableElements { #expect($0.isEmpty) }
    }

    @Test("an error while filling arrives at the caller")
    func throwing() {
        struct Stop: Error {}
        #expect(throws: Stop.self) { _ = try Tensor(shape: [4]) { _ in throw Stop() } }
    }

    @Test("memory begins at a cache line", arguments: [0, 1, 3, 1000])
    func alignment(count: Int) {
        Tensor(shape: [count]).withUnsafeElements {
            #expect(UInt(bitPattern: $0.baseAddress!) % 64 == 0)
        }
    }

    @Test("subscripts count in row-major order")
    func subscripts() {
        var tensor = Tensor(shape: [2, 3, 4], elements: (0..<24).map(Float.init))
        for a in 0..<2 {
            for b in 0..<3 {
                for c in 0..<4 { #expect(tensor[a, b, c] == Float(12 * a + 4 * b + c)) }
            }
        }
        tensor[1, 2, 0] = -1
        var expected = (0..<24).map(Float.init)
        expected[20] = -1
        #expect(tensor.array == expected)
    }

    @Test("a copy shares memory until one of the two changes")
    func copyOnWrite() {
        func address(_ tensor: Tensor) -> UnsafePointer<Float>? {
            tensor.withUnsafeElements { $0.baseAddress }
        }
        var original = Tensor(shape: [2, 2], elements: [1, 2, 3, 4])
        let copy = original
        #expect(address(copy) == address(original))
        original[0, 1] = 9
        #expect(original.array == [1, 9, 3, 4])
        #expect(copy.array == [1, 2, 3, 4])
        #expect(address(copy) != address(original))
        // Alone now: the next change is in place.
        let before = address(original)
        original.withUnsafeMutableElements { $0[3] = 8 }
        #expect(address(original) == before)
        #expect(original.array == [1, 9, 3, 8])
    }

    @Test("reshaping shares memory too, and keeps the order")
    func reshaping() {
        let tensor = Tensor(shape: [2, 3], elements: [1, 2, 3, 4, 5, 6])
        var reshaped = tensor.reshaped(to: [3, 1, 2])
        #expect(reshaped.shape == [3, 1, 2])
        #expect(reshaped[1, 0, 0] == 3 && reshaped[2, 0, 1] == 6)
        #expect(
            tensor.withUnsafeElements { a in reshaped.withUnsafeElements { a.baseAddress == $0.baseAddress } }
        )
        reshaped[0, 0, 0] = 0
        #expect(tensor.array == [1, 2, 3, 4, 5, 6])
        #expect(reshaped.array == [0, 2, 3, 4, 5, 6])
    }

    @Test("borrowed memory is read in place, and copied at the first change")
    func borrowing() {
        let owner = Owner([1, 2, 3, 4])
        var tensor = owner.tensor([2, 2])
        #expect(tensor.withUnsafeElements { $0.baseAddress } == UnsafePointer(owner.elements.baseAddress))
        owner.elements[2] = 7
        #expect(tensor[1, 0] == 7)
        tensor[0, 0] = 9
        #expect(tensor.array == [9, 2, 7, 4])
        #expect(Array(owner.elements) == [1, 2, 7, 4])
        // Its own memory from here on.
        owner.elements[3] = 5
        #expect(tensor[1, 1] == 4)
    }

    @Test("the owner lives as long as a tensor reads its memory")
    func ownership() {
        let returned = Owner.Flag()
        var tensor: Tensor? = Owner([1, 2], returned: returned).tensor([2])
        var copy: Tensor? = tensor?.reshaped(to: [1, 2])
        tensor = nil
        #expect(!returned.isRaised)
        #expect(copy?.array == [1, 2])
        copy = nil
        #expect(returned.isRaised)

        let returnedLater = Owner.Flag()
        var changed = Owner([1, 2], returned: returnedLater).tensor([2])
        changed[0] = 3
        #expect(returnedLater.isRaised)
        #expect(changed.array == [3, 2])
    }
}
