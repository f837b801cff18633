import Drawing
import Inference
import Tensors

extension Gallery {
    /// Figure 4: channels of c2 to c5.
    func backbone() throws -> Sheet {
        let stages = try chosen(run.backboneStages, { $0 }, { Stage.backbone($0).name })
        return BackboneFigure(
            maps: try stages.compactMap { stage in
                guard let map = run.tensor(.backbone(stage)) else { return nil }
                let name = Stage.backbone(stage).name
                return BackboneFigure.Map(
                    name: name, stride: 1 << stage, tensor: map,
                    channel: try chosenChannel(of: name, count: map.shape[2]))
            }, theme: theme
        ).sheet
    }
}

// MARK: - Drawing

/// Figure 4: channels of the backbone's maps, c2 to c5: from edges to parts of objects.
package struct BackboneFigure: SheetFigure {
    /// One of the backbone's maps.
    package struct Map: Sendable {
        /// The stage's name: `backbone.c2`.
        package var name: String
        /// Pixels of the network's input from one position to the next.
        package var stride: Int
        /// After ReLU, `[height, width, channels]`.
        package var tensor: Tensor
        /// A channel that is shown first, whether or not it varies much; nil for none.
        package var channel: Int?

        /// A map.
        package init(name: String, stride: Int, tensor: Tensor, channel: Int? = nil) {
            self.name = name
            self.stride = stride
            self.tensor = tensor
            self.channel = channel
        }
    }

    private let maps: [Map]
    private let theme: Theme

    /// The figure of a backbone's maps, finest first.
    package init(maps: [Map], theme: Theme) {
        self.maps = maps
        self.theme = theme
    }

    private static let columns = 6

    /// The drawing.
    package var sheet: Sheet {
        Sheet(
            title: "What the backbone's channels answer to",
            subtitle: (chosen.map { "Of each stage channel \($0) and the \(Self.columns - 1) others" }
                ?? "Of each stage the \(Self.columns) channels")
                + " that vary most away from the border. From stage to "
                + "stage a position stands for twice as many pixels, and answers to more than an edge.",
            blocks: maps.flatMap(rows),
            caption: maps.map { TensorSummary($0.name, map: $0.tensor).text + silent($0.tensor) }
                .joined(separator: "\n") + "\nColours end where 99 % of the numbers of a channel lie below.",
            theme: theme
        )
    }

    private var chosen: Int? { maps.compactMap(\.channel).first }

    private func rows(_ map: Map) -> [Sheet.Block] {
        let varying = map.tensor.mostVaryingChannels(Self.columns)
        let channels = Array(
            ((map.channel.map { [$0] } ?? []) + varying.filter { $0 != map.channel }).prefix(Self.columns))
        let shown = channels.map { HeatMap(map.tensor, channel: $0, isSigned: false) }
        let limit = shown.map { $0.magnitude(ofShare: 0.99) }.max() ?? 1
        let panels = zip(channels, shown).map { channel, heat in
            var heat = heat
            heat.limit = limit
            return Panel(note: "channel \(channel)", heat, theme: theme)
        }
        let summary = TensorSummary(map.name, map: map.tensor)
        let heading = Sheet.Block(height: 20, role: .heading(map.name)) { canvas, room in
            Sheet.Block.heading(
                map.name, note: "\(summary.shapeText), one position every \(map.stride) pixels",
                theme: theme
            ).draw(canvas, room)
            ColorBar(.sequential, end: Double(limit), unit: "", theme: theme)
                .draw(on: canvas, in: Rectangle(x: room.maxX - 140, y: room.y, width: 140, height: 26))
        }
        return [
            heading, .grid(panels, columns: Self.columns, tallest: 120, gap: 8, theme: theme),
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
    ///
    /// An eighth of the map along each edge is left out: there the zeros of the padding tell more than the picture.
    package func mostVaryingChannels(_ count: Int) -> [Int] {
        let (height, width, channels) = (shape[0], shape[1], shape[2])
        func interior(_ length: Int) -> Range<Int> {
            let margin = length < 6 ? 0 : max(1, length / 8)
            return margin..<length - margin
        }
        var sums = [Double](repeating: 0, count: channels)
        var squares = sums
        withUnsafeElements { elements in
            for y in interior(height) {
                for x in interior(width) {
                    for channel in 0..<channels {
                        let value = Double(elements[(y * width + x) * channels + channel])
                        sums[channel] += value
                        squares[channel] += value * value
                    }
                }
            }
        }
        let positions = Double(max(interior(height).count * interior(width).count, 1))
        let variances = zip(sums, squares).map { sum, square in
            square / positions - (sum / positions) * (sum / positions)
        }
        let order = variances.indices.sorted { (variances[$1], $0) < (variances[$0], $1) }
        return Array(order.prefix(count))
    }
}
