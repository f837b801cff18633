import Drawing
import Explanations

/// The figures of the documentation, in their order. The raw value is the name on the command line.
public enum FigureName: String, CaseIterable, Sendable {
    case overview, pyramids, input, backbone, fusion
    case anchors, matching, objectness, decoding, suppression
    case levels
    case roiPool = "roipool"
    case roiAlign = "roialign"
    case roiLayers = "roi-layers"
    case classes
    case detections
    case maskChannels = "mask-channels"
    case sigmoidSoftmax = "sigmoid-softmax"
    case pasting, result
    case keypoints, heads, targets, losses
    case precisionRecall = "precision-recall"
    case weights, comparison, convolution, provenance, cost

    /// The figure's number, from 1.
    public var number: Int { (Self.allCases.firstIndex(of: self) ?? 0) + 1 }
    /// The name of its file without what it ends in: `06-anchors`.
    public var fileName: String { (number < 10 ? "0" : "") + "\(number)-\(rawValue)" }
}

/// Draws the figures of one picture's way through one model.
public struct Gallery {
    let run: PictureRun
    let style: FigureStyle
    let selection: FigureSelection
    var theme: Theme { style.theme }

    /// The figures of a run, in a style, about what is selected.
    public init(
        _ run: PictureRun, style: FigureStyle = FigureStyle(), selection: FigureSelection = FigureSelection()
    ) {
        self.run = run
        self.style = style
        self.selection = selection
    }

    /// Draws a figure.
    /// - Throws: ``NothingToDraw`` when this picture or this model has nothing to show in it; ``FigureSelectionError``
    ///   when what is selected is not there; `FigureError`.
    public func figure(_ name: FigureName) throws -> Figure { style.styled(try sheet(name)).figure }

    /// The names of the drawings that a figure is made of, which depend on the picture and the model.
    public func panelNames(of name: FigureName) throws -> [String] { try sheet(name).partNames }

    /// Draws one of a figure's drawings alone, over the whole width and with a title of its own.
    /// - Parameter index: into ``panelNames(of:)``.
    public func panel(_ index: Int, of name: FigureName) throws -> Figure {
        style.styled(try sheet(name).part(index)).figure
    }

    private func sheet(_ name: FigureName) throws -> Sheet {
        try selection.check(run)
        return switch name {
        case .overview: try overview()
        case .pyramids: try pyramids()
        case .input: try input()
        case .backbone: try backbone()
        case .fusion: try fusion()
        case .anchors: try anchors()
        case .matching: try matching()
        case .objectness: try objectness()
        case .decoding: try decoding()
        case .suppression: try suppression()
        case .levels: try levels()
        case .roiPool: try roiPool()
        case .roiAlign: try roiAlign()
        case .roiLayers: try roiLayers()
        case .classes: try classes()
        case .detections: try detections()
        case .maskChannels: try maskChannels()
        case .sigmoidSoftmax: try sigmoidSoftmax()
        case .pasting: try pasting()
        case .result: try result()
        case .keypoints: try keypoints()
        case .heads: try heads()
        case .targets: try targets()
        case .losses: try losses()
        case .precisionRecall: try precisionRecall()
        case .weights: try weights()
        case .comparison: try comparison()
        case .convolution: try convolution()
        case .provenance: try provenance()
        case .cost: try cost()
        }
    }
}
