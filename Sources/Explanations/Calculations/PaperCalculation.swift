/// RoIAlign's gains in the paper's tables, absolute and relative, and the paper's inference times.
package struct PaperCalculation {
    /// Mask AP, AP50 and AP75 of Mask R-CNN, arXiv 1703.06870.
    private static let gains: [(name: String, pool: [Double], align: [Double])] = [
        ("stride 16 (2c)", [26.9, 48.8, 26.4], [30.3, 51.2, 31.5]),
        ("stride 32 (2d)", [23.6, 46.5, 21.6], [30.9, 51.8, 32.1]),
    ]
    /// Milliseconds per image of R-101-FPN on a Tesla M40, and of resizing its outputs on a CPU (section 4.2).
    private static let milliseconds = (network: 195.0, outputs: 15.0)

    private let print: (String) -> Void

    /// A calculation; `print` receives its text line by line.
    package init(print: @escaping (String) -> Void) { self.print = print }

    package func run() {
        var table = NumberTable("mask AP in the paper", "RoIPool", "RoIAlign", "points", "relative")
        for (name, pool, align) in Self.gains {
            for (index, measure) in ["AP", "AP50", "AP75"].enumerated() {
                let points = align[index] - pool[index]
                table.add(
                    "\(name), \(measure)", pool[index].digits(1), align[index].digits(1),
                    "+" + points.digits(1),
                    "+" + (100 * points / pool[index]).digits(1) + " %")
            }
        }
        print(table.text)
        let total = Self.milliseconds.network + Self.milliseconds.outputs
        print(
            "\(Self.milliseconds.network.digits(0)) ms + \(Self.milliseconds.outputs.digits(0)) ms = "
                + "\(total.digits(0)) ms a picture: \((1000 / total).digits(2)) pictures a second")
    }
}
