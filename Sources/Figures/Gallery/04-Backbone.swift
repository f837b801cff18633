import Tensors

/// Figure 4: channels of the backbone's maps, c2 to c5: from edges to parts of objects.
public struct BackboneFigure {
    /// One of the backbone's maps.
    public struct Map: Sendable {
        /// The stage's name: `backbone.c2`.
        public var name: String
        /// Pixels of the network's input from one position to the next.
        public var stride: Int
        /// After ReLU, `[height, width, channels]`.
        public var tensor: Tensor

        /// A map.
        public init(name: String, stride: Int, tensor: Tensor) {
            self.name = name
            self.stride = stride
            self.tensor = tensor
        }
    }

    private let maps: [Map]
    private let background: Background

    /// The figure of a backbone's maps, finest first.
    public init(maps: [Map], background: Background) {
        self.maps = maps
        self.background = background
    }

    private static let columns = 6

    /// The drawing.
    public var figure: Figure {
        Sheet(
            title: "What the backbone's channels answer to",
            subtitle:
                "Of each stage the \(Self.columns) channels that vary most. From stage to stage a position "
                + "stands for twice as many pixels, and answers to more than an edge.",
            blocks: maps.flatMap(rows),
            caption: maps.map { TensorSummary($0.name, map: $0.tensor).text + silent($0.tensor) }
                .joined(separator: "\n"),
            background: background
        ).figure
    }

    private func rows(_ map: Map) -> [Sheet.Block] {
        let channels = map.tensor.mostVaryingChannels(Self.columns)
        let shown = channels.map { HeatMap(map.tensor, channel: $0, isSigned: false) }
        let limit = shown.map(\.end).max() ?? 1
        let panels = zip(channels, shown).map { channel, heat in
            var heat = heat
            heat.limit = limit
            return Panel(note: "channel \(channel)", heat, background: background)
        }
        let summary = TensorSummary(map.name, map: map.tensor)
        let heading = Sheet.Block(height: 26) { canvas, room in
            Sheet.Block.heading(
                map.name, note: "\(summary.shapeText), one position every \(map.stride) pixels",
                background: background
            ).draw(canvas, room)
            ColorBar(.sequential, end: Double(limit), unit: "", background: background)
                .draw(on: canvas, in: Rectangle(x: room.maxX - 140, y: room.y, width: 140, height: 26))
        }
        return [
            heading, .grid(panels, columns: Self.columns, tallest: 120, gap: 8, background: background),
        ]
    }

    /// How many channels are zero everywhere, if any are.
    private func silent(_ map: Tensor) -> String {
        let channels = map.shape[2]
        var isSilent = [Bool](repeating: true, count: channels)
        map.withUnsafeElements { elements in
            for (index, element) in elements.enumerated() where element != 0 {
                isSilent[index % channels] = false
            }
        }
        let count = isSilent.count { $0 }
        return count == 0 ? "" : "; \(count) of \(channels) channels are 0 everywhere"
    }
}

extension Tensor {
    /// The channels of a map `[height, width, channels]` with the largest variance over positions, in that order;
    /// of equal ones the first comes first.
    func mostVaryingChannels(_ count: Int) -> [Int] {
        let channels = shape[2]
        var sums = [Double](repeating: 0, count: channels)
        var squares = sums
        withUnsafeElements { elements in
            for start in stride(from: 0, to: elements.count, by: max(channels, 1)) {
                for channel in 0..<channels {
                    let value = Double(elements[start + channel])
                    sums[channel] += value
                    squares[channel] += value * value
                }
            }
        }
        let positions = Double(max(shape[0] * shape[1], 1))
        let variances = zip(sums, squares).map { sum, square in
            square / positions - (sum / positions) * (sum / positions)
        }
        let order = variances.indices.sorted {
            (variances[$1], $0) < (variances[$0], $1)
        }
        return Array(order.prefix(count))
    }
}
