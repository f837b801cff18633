// swift-tools-version: 6.1
import PackageDescription

// The README's example for the product COCOEvaluation, built as a user's package that depends on this one.
let package = Package(
    name: "EvaluationExample",
    dependencies: [.package(name: "MaskRCNN", path: "../../..")],
    targets: [
        .executableTarget(
            name: "EvaluationExample", dependencies: [.product(name: "COCOEvaluation", package: "MaskRCNN")],
            path: ".",
            sources: ["main.swift"])
    ],
    swiftLanguageModes: [.v6]
)
