import Drawing
import Explanations
import Foundation
import Inference

extension Gallery {
    /// Figure 18: the example detection's mask logits, of its class and the three that compete most, through
    /// both of the pipeline's outputs.
    func sigmoidSoftmax() throws -> Sheet {
        let maps = try MaskMaps(run)
        guard let example = try example() else { throw NothingToDraw("nothing was found in this picture") }
        guard maps.channels > 2 else {
            throw NothingToDraw("the model predicts one mask for all classes: there is nothing to compete")
        }
        let detection = example.detection
        let own = maps.probabilities(of: detection, channel: example.label, output: .sigmoid)
        let inside = own.indices.filter { own[$0] >= 0.5 }
        // The strongest rivals are those that take most where the object is.
        let rivals = (0..<maps.channels).filter { $0 != example.label }
            .map { label -> (label: Int, share: Float, softmax: [Float]) in
                let softmax = maps.probabilities(of: detection, channel: label, output: .softmax)
                let places = inside.isEmpty ? Array(softmax.indices) : inside
                return (label, places.reduce(0) { $0 + softmax[$1] }, softmax)
            }
            .sorted { ($1.share, $0.label) < ($0.share, $1.label) }
            .prefix(3)
        let shown = [example.label] + rivals.map(\.label)
        return SigmoidSoftmaxFigure(
            shown.map { label in
                SigmoidSoftmaxFigure.Class(
                    name: label == 0 ? "background" : run.model.classes.name(of: label),
                    logits: maps.logits(of: detection, channel: label),
                    sigmoid: maps.probabilities(of: detection, channel: label, output: .sigmoid),
                    softmax: maps.probabilities(of: detection, channel: label, output: .softmax))
            },
            side: maps.side, channelCount: maps.channels,
            trained: run.model.architecture.masks?.output ?? .sigmoid, subject: run.wording(example),
            theme: theme
        ).sheet
    }
}

// MARK: - Drawing

/// Figure 18: the same mask logits through a sigmoid for each class, and through a softmax over the classes.
package struct SigmoidSoftmaxFigure: SheetFigure {
    /// One class's mask in both ways.
    package struct Class {
        /// Its name.
        package var name: String
        /// Its logits, m × m, row by row.
        package var logits: [Float]
        /// Through the sigmoid.
        package var sigmoid: [Float]
        /// Its share of the softmax.
        package var softmax: [Float]

        /// A class.
        package init(name: String, logits: [Float], sigmoid: [Float], softmax: [Float]) {
            self.name = name
            self.logits = logits
            self.sigmoid = sigmoid
            self.softmax = softmax
        }
    }

    private let classes: [Class]
    private let remainder: [Float]
    private let side: Int
    private let channelCount: Int
    private let trained: Architecture.Masks.Output
    private let subject: String
    private let theme: Theme

    /// The figure of a detection's masks.
    /// - Parameters:
    ///   - classes: the predicted class, then its strongest rivals.
    ///   - side: m.
    ///   - channelCount: how many channels compete in the softmax, background among them.
    ///   - trained: what the logits were trained for.
    ///   - subject: what detection it is.
    package init(
        _ classes: [Class], side: Int, channelCount: Int, trained: Architecture.Masks.Output, subject: String,
        theme: Theme
    ) {
        self.classes = classes
        self.side = side
        self.channelCount = channelCount
        self.trained = trained
        self.subject = subject
        self.theme = theme
        // What the channels that are not shown have of the softmax.
        remainder = (0..<side * side).map { pixel in
            max(1 - classes.reduce(0) { $0 + $1.softmax[pixel] }, 0)
        }
    }

    /// The pixel at which the predicted class loses most, of those that its sigmoid sets.
    private var pixel: Int {
        guard let first = classes.first else { return 0 }
        let set = first.sigmoid.indices.filter { first.sigmoid[$0] >= 0.5 }
        return (set.isEmpty ? Array(first.sigmoid.indices) : set).max {
            first.sigmoid[$0] - first.softmax[$0] < first.sigmoid[$1] - first.softmax[$1]
        } ?? 0
    }

    /// The drawing.
    package var sheet: Sheet {
        let kept = [\Class.sigmoid, \Class.softmax].map { values in
            classes.first?[keyPath: values].count { $0 >= 0.5 } ?? 0
        }
        let lost = kept[0] - kept[1]
        return Sheet(
            title: "Sigmoid and softmax on the same logits",
            subtitle: "The masks of \(subject), and of its strongest rivals. "
                + (lost > 0
                    ? "Competition costs the object \(lost) of its \(kept[0]) pixels."
                    : "Here competition costs the object no pixel."),
            blocks: [
                .text("Sigmoid: every class decides for itself", isBold: true, theme: theme),
                row(\.sigmoid, kept: kept[0]),
                .text(
                    "Softmax: \(channelCount) channels share each pixel", isBold: true,
                    theme: theme),
                row(\.softmax, kept: kept[1]),
                .colorBar(
                    ColorBar(.sequential, end: 1, unit: "probability of each pixel", theme: theme),
                    width: Sheet.contentWidth),
                .text(
                    "The pixel in the circle, row \(pixel / side), column \(pixel % side): where the class "
                        + "loses most", theme: theme), table.block,
            ],
            caption:
                "With a sigmoid the box head alone chooses the class, and the mask only says where. With a "
                + "softmax the mask head has to choose once more, in every pixel. " + training
                + "The paper trained one network for each: 30.3 against 24.8 mask AP (table 2b).",
            theme: theme
        )
    }

    /// What the reader must not take the figure for.
    private var training: String {
        let (own, other) = trained == .sigmoid ? ("sigmoids", "softmax") : ("a softmax", "sigmoid")
        return
            "These logits were trained for \(own): the \(other) is put on them afterwards, and shows what it "
            + "does to them, not what a network trained with it would give. "
    }

    private func row(_ values: KeyPath<Class, [Float]>, kept: Int) -> Sheet.Block {
        var panels = classes.enumerated().map { index, entry in
            Panel(index == 0 ? entry.name + ", predicted" : entry.name) { canvas, room in
                draw(entry[keyPath: values], on: canvas, in: room)
            }
        }
        if let first = classes.first {
            panels.append(
                Panel("≥ ½: \(kept) pixels") { canvas, room in
                    draw(first[keyPath: values].map { $0 >= 0.5 ? 1 : 0 }, on: canvas, in: room)
                })
        }
        return .grid(panels, columns: 5, tallest: 150, theme: theme)
    }

    private func draw(_ values: [Float], on canvas: Canvas, in room: Rectangle) {
        HeatMap(values: values, width: side, height: side, isSigned: false, limit: 1).draw(
            on: canvas, in: room, theme: theme)
        let cell = room.width / Double(side)
        let center = Point(
            x: room.x + (Double(pixel % side) + 0.5) * cell, y: room.y + (Double(pixel / side) + 0.5) * cell)
        canvas.stroke(circleAt: center, radius: 5.5, Stroke(.black.withOpacity(0.7), width: 3.5))
        canvas.stroke(circleAt: center, radius: 5.5, Stroke(.white, width: 1.75))
    }

    private var table: TextTable {
        var rows = classes.enumerated().map { index, entry in
            let logit = Double(entry.logits[pixel])
            return TextTable.Row(
                [
                    entry.name, figures(logit, decimals: 3),
                    figures(Double(entry.sigmoid[pixel]), decimals: 3), figures(exp(logit)),
                    figures(Double(entry.softmax[pixel]), decimals: 3),
                ], isBold: index == 0)
        }
        if channelCount > classes.count {
            rows.append(
                TextTable.Row([
                    "the other \(channelCount - classes.count)", "", "", "",
                    figures(Double(remainder[pixel]), decimals: 3),
                ]))
        }
        return TextTable(
            [
                .init("class", width: 110, isNumber: false), .init("logit z", width: 88),
                .init("sigmoid 1 / (1 + e⁻ᶻ)", width: 176), .init("eᶻ", width: 99),
                .init("softmax eᶻ / Σ", width: 132),
            ], rows: rows, theme: theme)
    }
}
