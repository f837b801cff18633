import Drawing
import Explanations
import Geometry
import Kernels

extension RoICalculation {
    /// Figure 12: RoIPool's quantisations on the grid, in both ways of rounding.
    package func poolFigure(background: Background) -> Figure {
        RoIPoolFigure(
            box: exact, stride: Double(stride), mapSize: mapSize, bins: bins,
            roundings: [rounding(.truncating), rounding(.nearest)], background: background
        ).figure
    }

    private func rounding(_ quantization: RoIPool.Quantization) -> RoIPoolFigure.Rounding {
        let pooled = pooled(by: quantization)
        let (columns, rows) = (pooled.columns, pooled.rows)
        func same(_ text: (RoIPool.Quantized) -> String) -> String {
            let (across, down) = (text(columns), text(rows))
            return across == down ? across : "x " + across + ", y " + down
        }
        func corners(_ axis: RoIPool.Quantized) -> String {
            let start = cells(axis.exactStart) + " → \(axis.region.lowerBound)"
            switch quantization {
            case .truncating:
                return start + ", length " + cells(axis.exactEnd - axis.exactStart)
                    + " → \(axis.region.count)"
            case .nearest:
                return start + ", " + cells(axis.exactEnd) + " → \(axis.region.upperBound - 1), which counts"
            }
        }
        func binLengths(_ axis: RoIPool.Quantized) -> String {
            let exact = "\(axis.region.count) / \(bins) = " + cells(axis.binLength)
            switch quantization {
            case .truncating: return exact + " → \(wholeBin(axis))"
            case .nearest: return exact + ", from ⌊start⌋ to ⌈end⌉"
            }
        }
        return RoIPoolFigure.Rounding(
            name: quantization == .truncating
                ? "Everything cut down, as RoIPool is usually explained"
                : "Corners rounded to the nearest, as in py-faster-rcnn and torchvision",
            corners: same(corners), bins: same(binLengths), region: pooled.region, columns: columns.bins,
            rows: rows.bins)
    }

    /// Figure 13: RoIAlign's sample points on the grid, one bin enlarged.
    /// - Parameters:
    ///   - row: the bin's row.
    ///   - column: the bin's column.
    package func alignFigure(row: Int, column: Int, background: Background) -> Figure {
        RoIAlignFigure(drawing(of: align, row: row, column: column), background: background).figure
    }

    /// What figure 13 draws of a layer's samples, without the values of a map.
    func drawing(of layer: RoIAlign, row: Int, column: Int) -> RoIAlignFigure.Region {
        // Where a place in map positions lies on the grid of cells: position i is the middle of cell i.
        let middle: Float = 0.5
        func points(_ row: Int, _ column: Int) -> [RoIAlignFigure.Sample] {
            layer.samples(of: box, scale: scale, mapSize: mapSize, row: row, column: column).map { sample in
                RoIAlignFigure.Sample(
                    x: sample.x + middle, y: sample.y + middle,
                    neighbours: sample.neighbours.map {
                        RoIAlignFigure.Neighbour(row: $0.row, column: $0.column, weight: $0.weight)
                    })
            }
        }
        let borders = layer.borders(of: box, scale: scale)
        // Points closer than can be drawn are left out.
        let perBin = points(row, column)
        let all =
            perBin.count * bins * bins > 20_000
            ? [] : (0..<bins).flatMap { row in (0..<bins).flatMap { points(row, $0) } }
        return RoIAlignFigure.Region(
            box: exact, stride: Double(stride), mapSize: mapSize,
            columnBorders: borders.columns.map { $0 + middle }, rowBorders: borders.rows.map { $0 + middle },
            samples: all, row: row, column: column,
            binSamples: perBin)
    }

    private func cells(_ number: Float) -> String { figures(Double(number), decimals: 2) }
}
