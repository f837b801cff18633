import Drawing
import Explanations
import Geometry
import Inference
import Tensors

extension Gallery {
    /// Figure 10.
    func suppression() throws -> Sheet {
        let trace = try SelectionTrace(run)
        let outcome = trace.suppression.outcome
        guard !outcome.kept.isEmpty else { throw NothingToDraw("there are no proposals") }
        let candidates = trace.suppression.members.enumerated().map { index, member in
            SuppressionFigure.Candidate(
                box: trace.box(of: member), score: Double(trace.score(of: member)),
                level: pyramidIndex(trace.levels[member.level].name), suppressor: outcome.suppressor[index])
        }
        let levels = try chosen(trace.levels, { pyramidIndex($0.name) }, \.name).map { pyramidIndex($0.name) }
        var kept = outcome.kept.filter { levels.contains(candidates[$0].level) }
        guard !kept.isEmpty else { throw NothingToDraw("there are no proposals on that level") }
        let heap = selection.box.map { outcome.kept[$0] }
        // The chosen proposal is drawn, however many are better.
        if let heap { kept = [heap] + kept.filter { $0 != heap } }
        return SuppressionFigure(
            ground: ground(size: trace.size), candidates: candidates, kept: kept, heap: heap,
            shownCount: selection.maximumBoxes ?? 16,
            proposalCount: trace.proposals.boxes.count,
            threshold: run.model.settings.proposals.nmsThreshold,
            levelName: { index in
                trace.levels.first { pyramidIndex($0.name) == index }?.name ?? "level \(index)"
            }, theme: theme
        ).sheet
    }
}

// MARK: - Drawing

/// Figure 10: non-maximum suppression among the candidates: who is kept, and who is suppressed by whom.
package struct SuppressionFigure: SheetFigure {
    /// A candidate.
    package struct Candidate {
        /// Decoded and clipped.
        package var box: Box
        /// Its objectness, a probability.
        package var score: Double
        /// The pyramid index of its level: 2 for p2.
        package var level: Int
        /// The candidate that suppressed it, as an index; nil if it was kept.
        package var suppressor: Int?

        /// A candidate.
        package init(box: Box, score: Double, level: Int, suppressor: Int?) {
            self.box = box
            self.score = score
            self.level = level
            self.suppressor = suppressor
        }
    }

    private let ground: Ground
    private let candidates: [Candidate]
    private let kept: [Int]
    private let heap: Int?
    private let shownCount: Int
    private let proposalCount: Int
    private let threshold: Double
    private let levelName: (Int) -> String
    private let theme: Theme

    /// - Parameters:
    ///   - ground: the picture in the frame of the boxes.
    ///   - candidates: those of all levels.
    ///   - kept: the kept ones, best first; at least one.
    ///   - heap: the one of them whose heap is enlarged; nil for the one with the largest heap of those drawn.
    ///   - shownCount: how many of the kept ones are drawn, with all that they suppressed.
    ///   - proposalCount: how many of these become proposals.
    ///   - threshold: the largest overlap that two kept ones of a level may have.
    ///   - levelName: the name of a level by its pyramid index.
    package init(
        ground: Ground, candidates: [Candidate], kept: [Int], heap: Int? = nil, shownCount: Int = 16,
        proposalCount: Int, threshold: Double,
        levelName: @escaping (Int) -> String, theme: Theme
    ) {
        precondition(!kept.isEmpty)
        self.ground = ground
        self.candidates = candidates
        self.kept = kept
        self.heap = heap
        self.shownCount = shownCount
        self.proposalCount = proposalCount
        self.threshold = threshold
        self.levelName = levelName
        self.theme = theme
    }

    private var shown: [Int] { Array(kept.prefix(shownCount)) }

    /// The candidates that one suppressed, best first.
    private func heap(of keeper: Int) -> [Int] {
        candidates.indices.filter { candidates[$0].suppressor == keeper }
            .sorted { (candidates[$1].score, $0) < (candidates[$0].score, $1) }
    }

    /// The drawing.
    package var sheet: Sheet {
        let levels = Array(Set(shown.map { candidates[$0].level })).sorted()
        return Sheet(
            title: "Non-maximum suppression: one box out of each heap",
            subtitle:
                "Many anchors find the same object. Best first, each box is kept unless it overlaps one "
                + "of its level that was kept before by more than \(setting(threshold)).",
            blocks: [
                .grid([before, after], columns: 2, theme: theme),
                Legend(
                    levels.map { (levelName($0), theme.color(ofLevel: $0)) },
                    theme: theme
                ).block,
                .heading(
                    "Who suppressed whom",
                    note: "dots: centres of boxes; arrows lead from a suppressed box to the one that did it",
                    theme: theme), arrows,
                .heading(
                    "One heap",
                    note: (heap == nil ? "the largest of those above" : "the chosen proposal’s")
                        + ", with overlap (IoU) and score",
                    theme: theme), closeUp,
            ],
            caption: caption, theme: theme
        )
    }

    private var caption: String {
        let suppressed = candidates.count { $0.suppressor != nil }
        let drawn =
            heap == nil
            ? "the \(shown.count) best kept ones" : "the chosen one, the \(shown.count - 1) best others"
        return
            "\(candidates.count) candidates: \(candidates.count - suppressed) kept, \(suppressed) suppressed; the "
            + "best \(proposalCount) of the kept ones are the proposals. Drawn are \(drawn) "
            + "and all that they suppressed. Boxes of different levels do not suppress each other."
    }

    // MARK: Panels

    private func color(_ index: Int) -> Color {
        theme.color(ofLevel: candidates[index].level)
    }

    private var before: Panel {
        let members = shown.flatMap { heap(of: $0) + [$0] }
        return ground.panel("Before: \(members.count) boxes", theme: theme) { canvas, places in
            for index in members {
                canvas.stroke(
                    places.rectangle(candidates[index].box), Stroke(color(index).withOpacity(0.55), width: 1))
            }
        }
    }

    private var after: Panel {
        ground.panel("After: \(shown.count) boxes", theme: theme) { canvas, places in
            for index in shown.reversed() {
                canvas.outline(
                    places.rectangle(candidates[index].box), color(index), width: 1.75, theme: theme
                )
            }
        }
    }

    /// Dots and arrows. Two boxes with one centre have no arrow: the dot says it.
    private var arrows: Sheet.Block {
        let reach = shown.flatMap { heap(of: $0) + [$0] }.map { candidates[$0].box }
            .map { box in
                let (x, y) = ((box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2)
                return Box(x1: x, y1: y, x2: x, y2: y)
            }
        let around = reach.dropFirst().reduce(reach[0]) { $0.union($1) }
        let frame = Float(max(ground.size.width, ground.size.height))
        let wide = ground.showing(around.grown(by: frame / 20, aspect: 0.62), fade: 0.62)
        return Sheet.Block(height: Sheet.contentWidth * wide.aspect) { canvas, room in
            wide.draw(on: canvas, in: room, theme: theme) { places in
                for keeper in shown {
                    let end = places.center(candidates[keeper].box)
                    for index in heap(of: keeper) {
                        let start = places.center(candidates[index].box)
                        canvas.fill(circleAt: start, radius: 2, color(index).withOpacity(0.7))
                        canvas.arrow(
                            from: start, towards: end, stoppingAt: 5,
                            Stroke(color(index).withOpacity(0.8), width: 0.9))
                    }
                }
                for keeper in shown.reversed() {
                    let center = places.center(candidates[keeper].box)
                    canvas.fill(circleAt: center, radius: 5.5, theme.paper)
                    canvas.fill(circleAt: center, radius: 4.5, color(keeper))
                }
            }
        }
    }

    // MARK: The largest heap

    private var closeUp: Sheet.Block {
        let keeper = heap ?? shown.max { heap(of: $0).count < heap(of: $1).count } ?? kept[0]
        let members = Array(heap(of: keeper).prefix(12))
        let boxes = members.map { candidates[$0].box }
        let around = boxes.reduce(candidates[keeper].box) { $0.union($1) }
        let (width, height) = (300.0, 232.0)
        let close = ground.showing(
            around.grown(by: max(around.width, around.height) * 0.08, aspect: Float(height / width))
                .moved(into: ground.size))
        return Sheet.Block(height: height) { canvas, room in
            let place = Rectangle(x: room.x, y: room.y, width: width, height: height)
            close.draw(on: canvas, in: place, theme: theme) { places in
                for box in boxes.reversed() {
                    canvas.stroke(
                        places.rectangle(box), Stroke(theme.droppedColor, width: 1))
                }
                canvas.outline(
                    places.rectangle(candidates[keeper].box), theme.keptColor, width: 2.5,
                    theme: theme)
            }
            table(keeper: keeper, heap: members).draw(on: canvas, at: Point(x: place.maxX + 16, y: room.y))
        }
    }

    private func table(keeper: Int, heap: [Int]) -> TextTable {
        let own = candidates[keeper]
        return TextTable(
            [
                .init("", width: 76, isNumber: false), .init("score", width: 52),
                .init("IoU", width: 44), .init("box", width: 120),
            ],
            rows: [
                TextTable.Row(
                    ["kept", figures(own.score), "", boxText(own.box)], color: theme.keptColor)
            ]
                + heap.map { index in
                    TextTable.Row(
                        [
                            "suppressed", figures(candidates[index].score),
                            figures(Double(own.box.overlap(with: candidates[index].box))),
                            boxText(candidates[index].box),
                        ], color: theme.droppedColor)
                }, theme: theme)
    }
}
