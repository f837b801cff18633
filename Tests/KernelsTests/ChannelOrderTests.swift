import Testing

import Kernels
import Tensors

@Suite("Order of channels")
struct ChannelOrderTests {
    @Test(
        "each element moves to its index",
        arguments: [[1, 1, 1], [3, 5, 7], [8, 8, 8], [17, 2, 9], [1, 16, 3]])
    func indices(size: [Int]) {
        let (channels, height, width) = (size[0], size[1], size[2])
        let input = pattern([2] + size, seed: 1)
        let output = channelsLast(input)
        #expect(output.shape == [2, height, width, channels])
        for map in 0..<2 {
            for c in 0..<channels {
                for y in 0..<height {
                    for x in 0..<width { #expect(output[map, y, x, c] == input[map, c, y, x]) }
                }
            }
        }
        expect(channelsFirst(output), equals: input, "there and back")
        let single = Tensor(shape: size, elements: Array(input.array.prefix(size.reduce(1, *))))
        #expect(channelsLast(single).shape == [height, width, channels])
        expect(channelsFirst(channelsLast(single.borrowed)), equals: single, "without a batch axis")
    }

    @Test("nothing to move", arguments: [[0, 3, 4, 5], [2, 0, 4, 5], [2, 3, 4, 0]])
    func empty(shape: [Int]) {
        #expect(channelsLast(Tensor(shape: shape)).shape == [shape[0], shape[2], shape[3], shape[1]])
        #expect(channelsFirst(Tensor(shape: shape)).shape == [shape[0], shape[3], shape[1], shape[2]])
    }
}
