import Execution
import Kernels
import Inference
import Tensors
import Testing
import Verification

/// Every usual suspect is planted into a good run, by plain loops and not by the code that will look for it, and
/// must be found: the first stage that differs, and the cause that comes first.
@Suite struct DiagnosisTests {
    @Test(arguments: PlantedFault.all)
    func plantedFaultsAreFound(fault: PlantedFault) throws {
        let run = try DiagnosisRun.shared.get()
        let prepared = try fault.prepare(run.bundle)
        let reference = prepared.isEmpty ? run.bundle : run.propagated(prepared, in: run.bundle)
        let candidate = run.propagated(try fault.plant(run, reference), in: reference)
        let first = try run.firstDifference(candidate, reference)
        #expect(first == fault.stage)
        let causes = Diagnosis(model: run.model, reference: reference, candidate: candidate)
            .causes(of: fault.stage)
        let found = causes.map { "\($0.name) (\($0.detail ?? "")) \($0.explains)" }
        #expect(causes.first?.name == fault.cause, "\(found)")
        #expect(causes.first?.explains ?? 0 > 0.9, "\(found)")
        #expect(zip(causes, causes.dropFirst()).allSatisfy { $0.explains >= $1.explains - 1e-5 })
    }

    /// A port that adds another epsilon to variances, as a torchvision model built without weights does: only the
    /// checkpoint, read in another way, can tell.
    @Test func anotherEpsilonIsNamed() throws {
        func model(_ epsilon: Float) throws -> Model {
            let norm = Normalization.frozenBatch(epsilon: epsilon)
            let network = Architecture(
                backbone: Architecture.Backbone(
                    stem: 8, blocks: [1, 1, 1, 1], widths: [8, 8, 8, 8], outputs: [16, 16, 16, 16], norm: norm
                ),
                features: .pyramid(Architecture.Pyramid(channels: 8)),
                proposals: Architecture.Proposals(channels: 8), classes: 2,
                boxes: Architecture.Boxes(head: .twoLayers(hidden: 8)))
            var configuration = Configuration(network, profile: .torchvision)
            configuration.settings.input = Settings.Input(minimumSide: 64, maximumSide: 96)
            var source = RandomParameters(seed: 4)
            return try Model(configuration, from: &source)
        }
        let (good, other) = (try model(0), try model(1e-2))
        let (reference, candidate) = (try DiagnosisRun.record(good), try DiagnosisRun.record(other))
        let diagnosis = Diagnosis(model: good, reference: reference, candidate: candidate) {
            [
                OtherReading(option: "--batch-norm-epsilon 0.01", model: other),
                OtherReading(option: "--batch-norm-epsilon 0", model: good),
            ]
        }
        let cause = try #require(diagnosis.causes(of: .stem).first)
        #expect(cause.name == "checkpoint read in another way" && cause.detail == "--batch-norm-epsilon 0.01")
        #expect(cause.explains > 0.99)
        // Without other readings there is nothing that explains it.
        #expect(
            Diagnosis(model: good, reference: reference, candidate: candidate).causes(of: .stem).allSatisfy {
                $0.explains < 0.9
            })
    }

    @Test func faultsHaveNamesThatAreListed() {
        #expect(Set(Diagnosis.names).count == Diagnosis.names.count)
        for fault in PlantedFault.all { #expect(Diagnosis.names.contains(fault.cause), "\(fault.cause)") }
    }

    // The plain loops are right where they are not told to go wrong: otherwise they would plant their own faults.
    @Test func plainStagesAreTheGoodOnes() throws {
        let run = try DiagnosisRun.shared.get()
        for fault in PlantedFault.controls {
            let prepared = try fault.prepare(run.bundle)
            let reference = prepared.isEmpty ? run.bundle : run.propagated(prepared, in: run.bundle)
            let planted = try fault.plant(run, reference)
            #expect(!planted.isEmpty)
            let difference = try run.firstDifference(reference.replacing(planted), reference)
            #expect(difference == nil, "\(fault.form)")
        }
    }

    // Another algorithm for convolutions rounds otherwise, from the first stage on.
    @Test(arguments: ConvolutionAlgorithm.allCases)
    func roundingHasNoCause(algorithm: ConvolutionAlgorithm) throws {
        let run = try DiagnosisRun.shared.get()
        let candidate = try ExecutionContext.with(convolution: algorithm) {
            try DiagnosisRun.record(run.model)
        }
        let diagnosis = Diagnosis(model: run.model, reference: run.bundle, candidate: candidate)
        for stage in StageRunner(model: run.model, bundle: candidate).stages {
            #expect(diagnosis.causes(of: stage).isEmpty, "\(stage): \(diagnosis.causes(of: stage))")
        }
    }

    // Blue before red makes every map wrong, but only the first stage is to blame.
    @Test func inheritedErrorsHaveNoCause() throws {
        let run = try DiagnosisRun.shared.get()
        let fault = try #require(PlantedFault.all.first { $0.stage == .inputTensor })
        let candidate = run.propagated(try fault.plant(run, run.bundle), in: run.bundle)
        let diagnosis = Diagnosis(model: run.model, reference: run.bundle, candidate: candidate)
        for stage: Stage in [.stem, .backbone(3), .pyramid(3), .boxPooled, .detectionBoxes, .outputMasks] {
            #expect(diagnosis.causes(of: stage).isEmpty, "\(stage)")
        }
    }

    // A candidate that has nothing but one stage: the inputs come from the reference.
    @Test func missingInputsAreTheReferences() throws {
        let run = try DiagnosisRun.shared.get()
        let fault = try #require(PlantedFault.all.first { $0.cause == "RoIPool in place of RoIAlign" })
        let candidate = try fault.plant(run, run.bundle)
        let alone = try DiagnosisRun.bundle(of: candidate)
        let causes = Diagnosis(model: run.model, reference: run.bundle, candidate: alone).causes(
            of: .boxPooled)
        #expect(causes.first?.name == fault.cause)
        #expect(
            Diagnosis(model: run.model, reference: run.bundle, candidate: alone).causes(of: .boxLogits)
                .isEmpty)
    }

    @Test func nonsenseHasNoCause() throws {
        let run = try DiagnosisRun.shared.get()
        let shape = try run.bundle.shape(.boxPooled)
        let broken = [
            ContractTensor(Tensor(shape: shape, repeating: .nan)),
            ContractTensor(Tensor(shape: [0, 1, 7, 7])),
            ContractTensor(Tensor(shape: [3], elements: [1, 2, 3])),
        ]
        for tensor in broken {
            let candidate = run.bundle.replacing([.boxPooled: tensor, .detectionClasses: tensor])
            let diagnosis = Diagnosis(model: run.model, reference: run.bundle, candidate: candidate)
            for stage: Stage in [.boxPooled, .detectionBoxes, Stage("no.such.stage"), Stage("")] {
                #expect(diagnosis.causes(of: stage).isEmpty)
            }
        }
    }

    // Each profile's own run must look like that profile. The two of torchvision differ in a number that is in no
    // stage without parameters.
    @Test(arguments: Profile.all.map(\.name))
    func profilesAreGuessed(name: String) throws {
        let run = try DiagnosisRun.shared.get()
        let profile = try #require(Profile.named(name))
        var settings = run.model.settings
        if !profile.conventions.proposals.preNMSTopNIsPerLevel {
            settings.proposals.preNMSTopN = profile.settings.proposals.preNMSTopN
        }
        settings.boxes.scoreThreshold = profile.settings.boxes.scoreThreshold
        settings.boxes.nmsThreshold = profile.settings.boxes.nmsThreshold
        let candidate = try DiagnosisRun.record(
            run.model.with(conventions: profile.conventions, settings: settings))
        let guesses = guessProfile(candidate: candidate, model: run.model)
        #expect(guesses.map(\.profile).sorted() == Profile.all.map(\.name).sorted())
        let best = guesses.filter { $0.score == guesses[0].score }.map(\.profile)
        let expected = name.hasPrefix("torchvision") ? ["torchvision", "torchvision-v2"] : [name]
        let report = guesses.map { "\($0.profile) \($0.score), not \($0.differing)" }
        #expect(best == expected, "\(report)")
        #expect(guesses[0].score == 1, "\(report)")
    }
}
