import Drawing
import Explanations
import Geometry
import Tensors

extension Gallery {
    /// Figure 17: the mask channels of the example detection; the likeliest dozen where there are more.
    func maskChannels() throws -> Sheet {
        let maps = try MaskMaps(run)
        guard let example = try example() else { throw NothingToDraw("nothing was found in this picture") }
        let classes = run.model.classes
        let output = run.model.architecture.masks?.output ?? .sigmoid
        let probabilities = maps.classProbabilities(of: example.detection)
        func channel(_ label: Int, named name: String, isPredicted: Bool) -> MaskChannelsFigure.Channel {
            MaskChannelsFigure.Channel(
                name: name,
                map: HeatMap(
                    values: maps.probabilities(
                        of: example.detection, channel: maps.channels == 1 ? 0 : label, output: output),
                    width: maps.side, height: maps.side, isSigned: false, limit: 1),
                probability: probabilities.indices.contains(label) ? probabilities[label] : .nan,
                isPredicted: isPredicted)
        }
        let classCount = maps.channels == 1 ? 1 : maps.channels - 1
        let channels: [MaskChannelsFigure.Channel]
        if classCount == 1 && maps.channels == 1 {
            channels = [channel(example.label, named: "every class", isPredicted: true)]
        } else {
            let likeliest = (1...classCount).sorted { first, second in
                guard probabilities.count > classCount else { return first < second }
                return (probabilities[second], first) < (probabilities[first], second)
            }
            // All in the order of the classes, or a dozen, the likeliest first.
            var shown = classCount <= 14 ? Array(1...classCount) : Array(likeliest.prefix(12))
            if !shown.contains(example.label) { shown[shown.count - 1] = example.label }
            channels = shown.map {
                channel($0, named: classes.name(of: $0), isPredicted: $0 == example.label)
            }
        }
        return MaskChannelsFigure(
            picture: run.image, box: example.box, channels: channels, classCount: classCount,
            subject: run.wording(example), theme: theme
        ).sheet
    }
}

// MARK: - Drawing

/// Figure 17: the masks of all classes for one region. The box head says which of them counts.
package struct MaskChannelsFigure: SheetFigure {
    /// One class's mask.
    package struct Channel {
        /// The class.
        package var name: String
        /// Its mask: probabilities, m × m.
        package var map: HeatMap
        /// What the box head says of the class, from 0 to 1.
        package var probability: Float
        /// Whether it is the class that was detected.
        package var isPredicted: Bool

        /// A class's mask.
        package init(name: String, map: HeatMap, probability: Float, isPredicted: Bool) {
            self.name = name
            self.map = map
            self.probability = probability
            self.isPredicted = isPredicted
        }
    }

    private let picture: Image
    private let box: Box
    private let channels: [Channel]
    private let classCount: Int
    private let subject: String
    private let theme: Theme

    /// The figure of a detection.
    /// - Parameters:
    ///   - box: of the detection, in pixels of the picture.
    ///   - channels: of all classes, or of the likeliest.
    ///   - classCount: how many classes there are.
    ///   - subject: what detection it is.
    package init(
        picture: Image, box: Box, channels: [Channel], classCount: Int, subject: String,
        theme: Theme
    ) {
        self.picture = picture
        self.box = box
        self.channels = channels
        self.classCount = classCount
        self.subject = subject
        self.theme = theme
    }

    /// The drawing.
    package var sheet: Sheet {
        let side = channels.first?.map.width ?? 0
        let which = channels.count < classCount ? "The likeliest \(channels.count) of \(classCount)" : "All"
        return Sheet(
            title: "One mask for each class",
            subtitle: classCount == 1
                ? "\(subject): one mask of \(side) × \(side), for whatever class it is."
                : "\(which) mask channels of \(subject). The mask head draws a mask for every class and does "
                    + "not say which it is: that is the box head's decision.",
            blocks: [
                .grid(
                    [picturePanel] + channels.map(panel), columns: 5, tallest: 150, theme: theme),
                .colorBar(
                    ColorBar(.sequential, end: 1, unit: "probability of each pixel", theme: theme),
                    width: Sheet.contentWidth),
            ],
            caption: classCount == 1
                ? "The sigmoid of the mask head's logits. This model is class-agnostic."
                : "The sigmoid of the mask head's logits, each class's by itself. Framed: the class that the "
                    + "box head chose. Only that mask is used, and only that one had a loss in training, so the "
                    + "others may show anything.",
            theme: theme
        )
    }

    private var picturePanel: Panel {
        let window = PictureWindow(picture, around: box)
        return Panel(
            "The box",
            note: "\(figures(Double(box.width.rounded()))) × \(figures(Double(box.height.rounded()))) pixels",
            aspect: window.aspect
        ) { canvas, room in window.draw(on: canvas, in: room, theme: theme) }
    }

    private func panel(_ channel: Channel) -> Panel {
        let set = channel.map.values.count { $0 >= 0.5 }
        return Panel(
            channel.name,
            note: (classCount == 1 ? "" : "class \(figures(Double(channel.probability), decimals: 3))\n")
                + "\(set) of \(channel.map.values.count) ≥ ½"
        ) { canvas, room in
            var map = channel.map
            map.limit = 1
            map.draw(on: canvas, in: room, theme: theme)
            if channel.isPredicted {
                canvas.stroke(room.inset(by: -2), Stroke(theme.droppedColor, width: 3.5))
            }
        }
    }
}
