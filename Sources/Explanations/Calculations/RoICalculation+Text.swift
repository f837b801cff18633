import Drawing
import Geometry
import Kernels

extension RoICalculation {
    /// The layers that can be shown.
    package enum Layer: String, CaseIterable, Sendable {
        /// RoIPool, with both ways of rounding.
        case pool
        /// RoIWarp.
        case warp
        /// RoIAlign.
        case align
    }

    /// The whole calculation, step by step, in lines of at most 80 columns.
    /// - Parameters:
    ///   - layers: the layers to show, in this order.
    ///   - row: row of the bin whose samples are listed.
    ///   - column: column of that bin.
    package func text(layers: [Layer], row: Int, column: Int) -> String {
        var parts = [heading]
        for layer in layers {
            switch layer {
            case .pool: parts += RoIPool.Quantization.allCases.reversed().map(poolText)
            case .warp: parts.append(warpText(row: row, column: column))
            case .align: parts.append(alignText(row: row, column: column))
            }
        }
        return parts.joined(separator: "\n\n")
    }

    private var heading: String {
        let exact = exact
        let pixels =
            "x \(plain(box.x1)) to \(plain(box.x2)), y \(plain(box.y1)) to \(plain(box.y2)): "
            + "\(plain(box.width)) × \(plain(box.height)) pixels"
        let map =
            "stride \(plain(stride)): \(mapSize.width) × \(mapSize.height) cells, cell i over pixels "
            + "\(plain(stride))·i to \(plain(stride))·(i + 1)"
        let onMap =
            "x \(cells(exact.x1)) to \(cells(exact.x2)), y \(cells(exact.y1)) to \(cells(exact.y2)): "
            + "\(cells(exact.width)) × \(cells(exact.height)) cells"
        return [
            entry("Box         ", pixels), entry("Map         ", map), entry("On the map  ", onMap),
        ].joined(separator: "\n")
    }

    /// A name with a text beside it, wrapped to several lines if necessary.
    private func entry(_ name: String, _ text: String) -> String {
        let lines: String = wrapped(text, width: 80 - name.count)
        let indent = String(repeating: " ", count: name.count)
        return name + lines.split(separator: "\n").joined(separator: "\n" + indent)
    }

    // MARK: RoIPool

    private func poolText(_ quantization: RoIPool.Quantization) -> String {
        let pooled = pooled(by: quantization)
        let title =
            switch quantization {
            case .truncating: "RoIPool, everything cut down, as it is usually explained"
            case .nearest: "RoIPool, corners to the nearest cell, as in py-faster-rcnn and torchvision"
            }
        var lines = [title, "  1. Corners to whole cells"]
        lines += cornerTable(
            [
                ("left", exact.x1, Float(pooled.columns.region.lowerBound)),
                ("right", exact.x2, Float(pooled.columns.region.upperBound)),
                ("top", exact.y1, Float(pooled.rows.region.lowerBound)),
                ("bottom", exact.y2, Float(pooled.rows.region.upperBound)),
            ])
        lines += quantizationNotes(pooled, quantization)
        lines.append("  2. Bins to whole cells")
        // Both axes together if they are equal.
        let axes =
            pooled.columns == pooled.rows
            ? [("columns and rows", pooled.columns)] : [("columns", pooled.columns), ("rows", pooled.rows)]
        for (name, axis) in axes { lines += binTable(name, axis, quantization) }
        return lines.joined(separator: "\n")
    }

    private func cornerTable(_ edges: [(name: String, exact: Float, whole: Float)]) -> [String] {
        ["     edge        exact    whole   drift in cells   in pixels"]
            + edges.map { edge in
                let drift = edge.whole - edge.exact
                return "     " + left(edge.name, 8) + right(cells(edge.exact), 9)
                    + right(plain(edge.whole), 9) + right(signed(drift, 3), 17)
                    + right(signed(drift * stride, 1), 12)
            }
    }

    /// Notes on the region's corners if they involve more than rounding.
    private func quantizationNotes(_ pooled: Pooled, _ quantization: RoIPool.Quantization) -> [String] {
        let (columns, rows) = (pooled.columns.region, pooled.rows.region)
        switch quantization {
        case .truncating:
            return [
                "     the size is cut down as well: \(cells(exact.width)) × \(cells(exact.height)) → "
                    + "\(columns.count) × \(rows.count)"
            ]
        case .nearest:
            func corners(_ start: Float, _ end: Float, _ region: Range<Int>) -> String {
                "\(cells(start)) → \(region.lowerBound), \(cells(end)) → \(region.upperBound - 1)"
            }
            return [
                "     x " + corners(exact.x1, exact.x2, columns),
                "     y " + corners(exact.y1, exact.y2, rows),
                "     the last cell counts, so the region ends one further: "
                    + "\(columns.count) × \(rows.count)",
            ]
        }
    }

    private func binTable(
        _ name: String, _ axis: RoIPool.Quantized, _ quantization: RoIPool.Quantization
    ) -> [String] {
        let length = "\(axis.region.count) / \(bins) = \(cells(axis.binLength))"
        var lines: [String]
        switch quantization {
        case .truncating:
            let whole = wholeBin(axis)
            lines = ["     \(name): \(length) → \(whole) cell\(whole == 1 ? "" : "s") a bin"]
            let used = whole * bins
            if used < axis.region.count {
                lines.append(
                    "     \(bins) × \(whole) = \(used): the last \(axis.region.count - used) of "
                        + "\(axis.region.count) cells are never read")
            }
        case .nearest:
            lines = [
                "     \(name): \(length) cells a bin, from ⌊start⌋ to ⌈end⌉",
                "     neighbours may share cells",
            ]
        }
        lines.append("     bin              exact         cells   drift of its edges in pixels")
        let step = (axis.exactEnd - axis.exactStart) / Float(bins)
        for (index, cellRange) in axis.bins.enumerated() {
            let start = axis.exactStart + Float(index) * step, end = axis.exactStart + Float(index + 1) * step
            let line =
                "     " + right(String(index), 3) + right(cells(start), 9) + " to" + right(cells(end), 8)
            guard !cellRange.isEmpty else {
                lines.append(line + "    none: outside the map")
                continue
            }
            let drifts = [Float(cellRange.lowerBound) - start, Float(cellRange.upperBound) - end]
            lines.append(
                line + right(String(cellRange.lowerBound), 8) + " to" + right(String(cellRange.upperBound), 3)
                    + right(signed(drifts[0] * stride, 1), 14) + right(signed(drifts[1] * stride, 1), 11))
        }
        return lines
    }

    // MARK: RoIWarp and RoIAlign

    private func warpText(row: Int, column: Int) -> String {
        let region = warp.quantized(box, scale: scale)
        var lines = [
            "RoIWarp: corners to the nearest cell, then bilinear samples", "  1. Corners to whole cells",
        ]
        lines += cornerTable(
            [
                ("left", exact.x1, region.x1), ("right", exact.x2, region.x2), ("top", exact.y1, region.y1),
                ("bottom", exact.y2, region.y2),
            ])
        lines.append("  2. Bins stay exact")
        // As in the layer, the rounded region, in cells, is sampled without an offset.
        lines += sampleLines(of: warp.sampling, in: region, scale: 1, row: row, column: column)
        return lines.joined(separator: "\n")
    }

    private func alignText(row: Int, column: Int) -> String {
        let offset = subtractsHalfPixel ? " − ½" : ""
        var lines = [
            "RoIAlign: nothing is rounded",
            subtractsHalfPixel
                ? "  The value of a cell stands at its centre: position = pixel / \(plain(stride))\(offset)"
                : "  Without the half: position = pixel / \(plain(stride)), as in torchvision; the value of a",
        ]
        if !subtractsHalfPixel {
            lines.append("  cell stands at its upper left corner, half a cell from where it belongs")
        }
        lines += sampleLines(of: align, in: box, scale: scale, row: row, column: column)
        return lines.joined(separator: "\n")
    }

    private func sampleLines(of layer: RoIAlign, in box: Box, scale: Float, row: Int, column: Int) -> [String]
    {
        let borders = layer.borders(of: box, scale: scale)
        var lines: [String] = []
        for (name, places) in [("columns", borders.columns), ("rows", borders.rows)] {
            guard let first = places.first, let last = places.last else { continue }
            lines.append(
                "     \(name): \(cells(last - first)) / \(bins) = \(cells((last - first) / Float(bins))) a bin; "
                    + "borders at")
            lines += wrapped(places.map(cells).joined(separator: " "), width: 68).split(separator: "\n").map {
                "       " + $0
            }
        }
        let samples = layer.samples(of: box, scale: scale, mapSize: mapSize, row: row, column: column)
        lines.append(
            "     bin in row \(row), column \(column): \(samples.count) "
                + "sample\(samples.count == 1 ? "" : "s"), each from four positions")
        lines.append(
            "          y         x   rows      columns    weights: upper two, lower two")
        for sample in samples {
            let place = "   " + right(cells(sample.y), 8) + right(cells(sample.x), 10)
            let neighbours = sample.neighbours
            guard neighbours.count == 4 else {
                lines.append(place + "   outside the map: counts as 0")
                continue
            }
            lines.append(
                place + "   " + left("\(sample.top), \(sample.bottom)", 10)
                    + left("\(sample.left), \(sample.right)", 10)
                    + neighbours.map { right(cells($0.weight), 8) }.joined())
        }
        lines.append("     the bin is the mean of its samples, or their maximum")
        return lines
    }

    // MARK: Words

    /// A number of cells with three decimals.
    private func cells(_ number: Float) -> String { figures(Double(number), decimals: 3) }

    /// The number with a sign, or 0 without one.
    private func signed(_ number: Float, _ decimals: Int) -> String {
        let text = figures(Double(number), decimals: decimals)
        return number > 0 && text.contains { "123456789".contains($0) } ? "+" + text : text
    }

    /// Without decimals if the number is an integer.
    private func plain(_ number: Float) -> String {
        number == number.rounded() && abs(number) < 1e7 ? figures(Double(number), decimals: 0) : cells(number)
    }

    private func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.count, 0))
    }

    private func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(width - text.count, 0)) + text
    }
}
