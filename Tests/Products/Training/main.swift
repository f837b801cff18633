import MaskRCNNTraining

let data = try TrainingData(folder: "coco")
let configuration = try TrainingConfiguration(named: "coco")
var trainer = try Trainer(configuration, classes: data.classes, source: data.source)
while trainer.step < configuration.steps {
    print(trainer.step, try trainer.advance().total)
}
try RunFolder(path: "run").writeModel(trainer)
