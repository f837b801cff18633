import Figures
import Geometry
import Kernels

/// One region of interest worked through number by number: what RoIPool, RoIWarp and RoIAlign read of a map, as
/// text and as figures 12 and 13.
///
/// The numbers are asked of the layers themselves, which pool with them.
public struct RoICalculation: Sendable {
    /// In pixels of the network's input.
    public var box: Box
    /// Pixels a cell of the map.
    public var stride: Float
    /// Bins along each axis.
    public var bins: Int
    /// Rows and columns of the map.
    public var mapSize: PixelSize
    /// RoIAlign's sample points along each axis of a bin; nil for as many as the bin is long.
    public var samplesPerAxis: Int?
    /// Whether RoIAlign takes the value of a cell to stand at its centre.
    public var subtractsHalfPixel: Bool

    /// The calculation for a box.
    public init(
        box: Box, stride: Float, bins: Int, mapSize: PixelSize, samplesPerAxis: Int? = 2,
        subtractsHalfPixel: Bool = true
    ) {
        self.box = box
        self.stride = stride
        self.bins = bins
        self.mapSize = mapSize
        self.samplesPerAxis = samplesPerAxis
        self.subtractsHalfPixel = subtractsHalfPixel
    }

    /// The example by which RoIPool is usually explained: a box of 665 pixels in a picture of 800, on a map of
    /// stride 32, to 7 bins. 665 / 32 = 20.78 becomes 20, and 20 / 7 = 2.86 becomes 2.
    public static let workedExample = RoICalculation(
        box: Box(x1: 0, y1: 0, x2: 665, y2: 665), stride: 32, bins: 7,
        mapSize: PixelSize(height: 25, width: 25))

    var scale: Float { 1 / stride }

    /// The box in cells of the map, with nothing rounded.
    var exact: Box { box.scaled(x: scale, y: scale) }

    var align: RoIAlign {
        RoIAlign(outputSize: bins, samplesPerAxis: samplesPerAxis, subtractsHalfPixel: subtractsHalfPixel)
    }

    var warp: RoIWarp { RoIWarp(outputSize: bins, samplesPerAxis: samplesPerAxis) }

    /// Both axes of a region as RoIPool reads it.
    struct Pooled {
        let columns: RoIPool.Quantized
        let rows: RoIPool.Quantized

        var region: PixelRegion {
            PixelRegion(
                x: columns.region.lowerBound, y: rows.region.lowerBound, width: columns.region.count,
                height: rows.region.count)
        }
    }

    func pooled(by quantization: RoIPool.Quantization) -> Pooled {
        let layer = RoIPool(outputSize: bins, quantization: quantization)
        return Pooled(
            columns: layer.quantized(from: box.x1, to: box.x2, scale: scale, length: mapSize.width),
            rows: layer.quantized(from: box.y1, to: box.y2, scale: scale, length: mapSize.height))
    }
}

// MARK: - Figures

extension RoICalculation {
    /// Figure 12: RoIPool's quantisations on the grid, in both ways of rounding.
    public func poolFigure(background: Background) -> Figure {
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
            name: quantization == .truncating ? "Cut down" : "Rounded",
            corners: same(corners), bins: same(binLengths), region: pooled.region, columns: columns.bins,
            rows: rows.bins)
    }

    /// The whole length that every bin has when everything is cut down.
    func wholeBin(_ axis: RoIPool.Quantized) -> Int {
        // Of all bins, since the map's border may have cut some off.
        max(axis.bins.map(\.count).max() ?? 1, 1)
    }

    /// Figure 13: RoIAlign's sample points on the grid, one bin enlarged.
    /// - Parameters:
    ///   - row: the bin's row.
    ///   - column: the bin's column.
    public func alignFigure(row: Int, column: Int, background: Background) -> Figure {
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
