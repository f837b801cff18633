import Figures

extension Gallery {
    /// Figure 17: the mask channels of the example detection; the likeliest dozen where there are more.
    func maskChannels() throws -> Figure {
        let maps = try MaskMaps(run)
        guard let example = run.example else { throw NothingToDraw("nothing was found in this picture") }
        let classes = run.model.classes
        let output = run.model.configuration.masks?.output ?? .sigmoid
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
            subject: run.wording(example), background: background
        ).figure
    }
}
