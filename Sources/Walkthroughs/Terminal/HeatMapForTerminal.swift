import Drawing
import Explanations
import Tensors

/// A picture or a matrix in half blocks: each character `▀` is two pixels, its own colour above and the
/// background's below.
package struct HeatMapForTerminal {
    /// One pixel a colour.
    package let image: Image
    /// What it is, shown below.
    package let caption: String

    package init(_ image: Image, caption: String) {
        self.image = image
        self.caption = caption
    }

    /// A matrix, row after row, in the figures' colours; `end` is the number that takes the map's end.
    package init(
        _ values: [Float], width: Int, height: Int, isSigned: Bool, end: Float? = nil, background: Background,
        caption: String
    ) {
        let map = HeatMap(values: values, width: width, height: height, isSigned: isSigned, limit: end)
        image = map.colors(on: background).image(of: values, width: width, height: height, scale: map.end)
        self.caption = caption
    }

    /// Some maps side by side, as many as fit in a row, each with its caption.
    /// - Parameter rows: the most character rows that a map takes.
    package static func lines(_ maps: [HeatMapForTerminal], terminal: Terminal, rows: Int = 16) -> [String] {
        groups(maps, terminal: terminal, rows: rows).flatMap { $0 }
    }

    /// The same as a block of which each row of maps, with its captions, is a unit.
    /// - Parameter height: lines that a row of maps with its captions may take: maps are made smaller to fit.
    package static func block(
        _ maps: [HeatMapForTerminal], terminal: Terminal, height: Int, rows: Int = 16
    ) -> ScreenBlock {
        var rows = max(min(rows, height), 1)
        var groups = Self.groups(maps, terminal: terminal, rows: rows)
        while let tallest = groups.map(\.count).max(), tallest > height, rows > 1 {
            rows = max(rows - (tallest - height), 1)
            groups = Self.groups(maps, terminal: terminal, rows: rows)
        }
        return ScreenBlock(units: groups, isKeptWhole: groups.count < 2)
    }

    /// The lines of each row of maps.
    private static func groups(_ maps: [HeatMapForTerminal], terminal: Terminal, rows: Int) -> [[String]] {
        guard terminal.colorDepth >= .indexed, !maps.isEmpty else { return [] }
        let gap = 2
        let shown = maps.filter { $0.image.width > 0 && $0.image.height > 0 }
        // Fine maps want room, coarse ones none.
        let wanted = min(max(shown.map(\.image.width).max() ?? 0, 12), 24)
        let most = max(min((terminal.width + gap) / (wanted + gap), 4), 1)
        return stride(from: 0, to: shown.count, by: most).map { start in
            var lines: [String] = []
            let row = shown[start..<min(start + most, shown.count)]
            let room = (terminal.width + gap) / row.count - gap
            let pictures = row.map { $0.fitted(columns: min(room, 64), rows: rows) }
            let widths = pictures.map { max($0.width, min(room, 12)) }
            let captions = zip(row, widths).map { map, width in
                StyledText(map.caption, .faint).wrapped(
                    width: max(width, min(room, row.count == 1 ? 36 : 18)))
            }
            let columns = zip(widths, captions).map { max($0, $1.map(\.width).max() ?? 0) }
            let height = pictures.map { ($0.height + 1) / 2 }.max() ?? 0
            func joined(_ cells: [(text: String, width: Int)]) -> String {
                var line = ""
                for (index, cell) in cells.enumerated() {
                    line += cell.text
                    if index < cells.count - 1 {
                        line += String(repeating: " ", count: columns[index] - cell.width + gap)
                    }
                }
                return line
            }
            for y in 0..<height {
                lines.append(
                    joined(
                        pictures.map { picture in
                            2 * y < picture.height
                                ? (picture.halfBlocks(row: y, depth: terminal.colorDepth), picture.width)
                                : ("", 0)
                        }))
            }
            for line in 0..<(captions.map(\.count).max() ?? 0) {
                lines.append(
                    joined(
                        captions.map { caption in
                            line < caption.count
                                ? (caption[line].encoded(isColoured: true), caption[line].width) : ("", 0)
                        }))
            }
            return lines
        }
    }

    /// The picture alone, as large as fits: in half blocks or, where there are no colours for them, in shades.
    /// - Returns: its lines, all of one width.
    package func picture(columns: Int, rows: Int, terminal: Terminal) -> (lines: [String], width: Int) {
        guard image.width > 0, image.height > 0 else { return ([], 0) }
        let scale = min(
            Double(columns) / Double(image.width), Double(2 * rows) / Double(image.height))
        let picture = resized(
            width: max(Int(Double(image.width) * scale), 1), height: max(Int(Double(image.height) * scale), 1)
        )
        let lines = (0..<(picture.height + 1) / 2).map { row in
            terminal.colorDepth >= .indexed
                ? picture.halfBlocks(row: row, depth: terminal.colorDepth)
                : picture.shades(row: row, isLightOnDark: terminal.background == .dark)
        }
        return (lines, picture.width)
    }

    /// Made smaller by taking means, or larger by a whole factor, to fit.
    private func fitted(columns: Int, rows: Int) -> Image {
        let (width, height) = (image.width, image.height)
        let scale = min(Double(columns) / Double(width), Double(2 * rows) / Double(height))
        if scale >= 1 {
            // Two or three cells of a small matrix are easier to see than one; more only takes room.
            return resized(width: width * min(Int(scale), 3), height: height * min(Int(scale), 3))
        }
        return resized(
            width: max(Int(Double(width) * scale), 1), height: max(Int(Double(height) * scale), 1))
    }

    private func resized(width: Int, height: Int) -> Image {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(3 * width * height)
        for y in 0..<height {
            let rows =
                y * image.height
                / height..<max((y + 1) * image.height / height, y * image.height / height + 1)
            for x in 0..<width {
                let left = x * image.width / width
                let columns = left..<max((x + 1) * image.width / width, left + 1)
                for channel in 0..<3 {
                    var sum = 0
                    for row in rows {
                        for column in columns {
                            sum += Int(image.pixels[3 * (row * image.width + column) + channel])
                        }
                    }
                    pixels.append(UInt8(sum / (rows.count * columns.count)))
                }
            }
        }
        return Image(width: width, height: height, pixels: pixels)
    }
}

extension Image {
    /// Two rows of pixels as one row of characters, the denser the lighter.
    fileprivate func shades(row: Int, isLightOnDark: Bool) -> String {
        let shades: [Character] = isLightOnDark ? [" ", "░", "▒", "▓", "█"] : ["█", "▓", "▒", "░", " "]
        return String(
            (0..<width).map { x in
                let rows = 2 * row..<min(2 * row + 2, height)
                let sum = rows.reduce(0) { sum, y in
                    let start = 3 * (y * width + x)
                    return sum
                        + (3 * Int(pixels[start]) + 6 * Int(pixels[start + 1]) + Int(pixels[start + 2])) / 10
                }
                return shades[min(sum * shades.count / (256 * rows.count), shades.count - 1)]
            })
    }

    /// Two rows of pixels as one row of characters.
    fileprivate func halfBlocks(row: Int, depth: Terminal.ColorDepth) -> String {
        func code(_ x: Int, _ y: Int, _ ground: Int) -> String {
            let start = 3 * (y * width + x)
            let (red, green, blue) = (Int(pixels[start]), Int(pixels[start + 1]), Int(pixels[start + 2]))
            return depth == .direct
                ? "\(ground);2;\(red);\(green);\(blue)"
                : "\(ground);5;\(indexedColor(red: red, green: green, blue: blue))"
        }
        var line = ""
        var last = ""
        for x in 0..<width {
            let below = 2 * row + 1 < height ? code(x, 2 * row + 1, 48) : "49"
            let codes = code(x, 2 * row, 38) + ";" + below
            if codes != last { line += "\u{1B}[\(codes)m" }
            last = codes
            line += "▀"
        }
        return line + "\u{1B}[0m"
    }
}

/// The nearest of xterm's 256 colours: a cube of 6×6×6 (levels 0, 95, 135, …, 255) from 16, and 24 greys (8, 18,
/// …, 238) from 232.
package func indexedColor(red: Int, green: Int, blue: Int) -> Int {
    let levels = [0, 95, 135, 175, 215, 255]
    func nearest(_ value: Int) -> Int {
        levels.indices.min { abs(levels[$0] - value) < abs(levels[$1] - value) } ?? 0
    }
    let cube = [red, green, blue].map(nearest)
    func distance(_ other: [Int]) -> Int {
        zip([red, green, blue], other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    let step = min(max((red + green + blue - 24 + 15) / 30, 0), 23)
    let grey = 8 + 10 * step
    return distance([grey, grey, grey]) < distance(cube.map { levels[$0] })
        ? 232 + step : 16 + 36 * cube[0] + 6 * cube[1] + cube[2]
}
