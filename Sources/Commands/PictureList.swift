import COCO
import Formats
import Foundation

/// The pictures that a command line names: files as they are, folders by the pictures in them.
struct PictureList {
    /// In the order given, each once; those of a folder sorted by name.
    let paths: [String]

    /// - Throws: `FileError` for a name that does not exist or a folder without pictures.
    init(_ arguments: [String]) throws {
        var paths: [String] = []
        for argument in arguments {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: argument, isDirectory: &isFolder) else {
                throw FileError(path: argument, fault: "does not exist")
            }
            guard isFolder.boolValue else {
                paths.append(argument)
                continue
            }
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: argument) else {
                throw FileError(path: argument, fault: "cannot be read")
            }
            let pictures = names.filter {
                !$0.hasPrefix(".")
                    && ["png", "jpg", "jpeg"].contains(($0 as NSString).pathExtension.lowercased())
            }
            guard !pictures.isEmpty else {
                throw FileError(path: argument, fault: "has no PNG or JPEG pictures")
            }
            paths += pictures.sorted().map { (argument as NSString).appendingPathComponent($0) }
        }
        var seen: Set<String> = []
        self.paths = paths.filter { seen.insert(URL(fileURLWithPath: $0).standardizedFileURL.path).inserted }
    }
}

/// What pictures are called in what is written about them: their ids in result files, and the names of their
/// overlays.
package struct PictureIdentifiers {
    /// One id a picture, all different.
    package let identifiers: [Int]
    /// For each picture whether its id was made up here, because nothing tells it.
    package let isMadeUp: [Bool]
    /// One name a picture, all different, without extension.
    package let pictureNames: [String]
    /// The dataset that the ids are from, if there is one.
    let dataset: Dataset?

    /// - Parameter annotations: a COCO annotation file to take ids from. Without one, a picture's id is the number
    ///   that its name ends in, if no other picture's name ends in that number; the others get the smallest
    ///   numbers that are free, in order.
    /// - Throws: `FileError` for an annotation file that cannot be read, a picture that it does not list or lists
    ///   several times, and two pictures that are one in it.
    package init(_ paths: [String], annotations: String?) throws {
        pictureNames = Self.distinctNames(of: paths)
        if let annotations {
            // Its objects do not matter here, and a list of pictures may have none.
            let dataset = try AnnotationFile(contentsOf: annotations, skipsBroken: true, needsObjects: false)
                .dataset
            let listed = AnnotatedImages(dataset, path: annotations)
            self.dataset = dataset
            var seen: [Int: String] = [:]
            identifiers = try paths.map { path in
                let identifier = try listed.identifier(ofPicture: path)
                if let other = seen.updateValue(path, forKey: identifier) {
                    throw FileError(
                        path: path, fault: "has the id \(identifier) in '\(annotations)', as '\(other)' has")
                }
                return identifier
            }
            isMadeUp = paths.map { _ in false }
        } else {
            dataset = nil
            let numbers = paths.map(Self.numberAtEnd)
            var uses: [Int: Int] = [:]
            for case let number? in numbers { uses[number, default: 0] += 1 }
            let known = numbers.map { number in number.flatMap { uses[$0] == 1 ? $0 : nil } }
            let taken = Set(known.compactMap { $0 })
            var next = 1
            identifiers = known.map { number in
                if let number { return number }
                while taken.contains(next) { next += 1 }
                defer { next += 1 }
                return next
            }
            isMadeUp = known.map { $0 == nil }
        }
    }

    /// File names without extension; of equal ones all but the first with a number behind, such that it is nobody
    /// else's name. Upper and lower case are one, as on some disks.
    private static func distinctNames(of paths: [String]) -> [String] {
        let stems = paths.map { (($0 as NSString).lastPathComponent as NSString).deletingPathExtension }
        let own = Set(stems.map { $0.lowercased() })
        var taken: Set<String> = []
        // Where the search for a free number goes on: thousands of pictures may have the same name.
        var counts: [String: Int] = [:]
        return stems.map { stem in
            if taken.insert(stem.lowercased()).inserted { return stem }
            var number = counts[stem.lowercased()] ?? 2
            func isTaken(_ name: String) -> Bool { own.contains(name) || taken.contains(name) }
            while isTaken("\(stem)-\(number)".lowercased()) { number += 1 }
            counts[stem.lowercased()] = number + 1
            taken.insert("\(stem)-\(number)".lowercased())
            return "\(stem)-\(number)"
        }
    }

    private static func numberAtEnd(of path: String) -> Int? {
        let stem = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
        return Int(String(stem.reversed().prefix { $0.isASCII && $0.isNumber }.reversed()))
    }
}

/// The images that a COCO annotation file lists.
private struct AnnotatedImages {
    private let path: String
    /// The folders and the name of each image, and its id; by the name.
    private let entries: [String: [(components: [String], identifier: Int)]]

    init(_ dataset: Dataset, path: String) {
        self.path = path
        let listed = dataset.images.compactMap { image in
            image.fileName.map { (components: Self.components($0), identifier: image.id) }
        }
        entries = Dictionary(grouping: listed) { $0.components.last ?? "" }
    }

    /// The id of the image whose file name has most in common with the end of a picture's path: `cam1/0001.png`
    /// is not `cam2/0001.png`.
    func identifier(ofPicture picture: String) throws -> Int {
        let components = Self.components(URL(fileURLWithPath: picture).standardizedFileURL.path)
        let candidates = (entries[components.last ?? ""] ?? []).map { entry in
            let common = zip(entry.components.reversed(), components.reversed()).prefix { $0.0 == $0.1 }.count
            // The whole of its name is more than the end of a longer one.
            return (identifier: entry.identifier, rank: (common == entry.components.count ? 1 : 0, common))
        }
        guard let best = candidates.map(\.rank).max(by: <) else {
            throw FileError(path: picture, fault: "is not among the images of '\(path)'")
        }
        let fitting = Set(candidates.filter { $0.rank == best }.map(\.identifier))
        guard let identifier = fitting.first, fitting.count == 1 else {
            throw FileError(
                path: picture,
                fault: "may be any of \(fitting.count) images of '\(path)', whose ids are "
                    + fitting.sorted().prefix(5).map(String.init).joined(separator: ", ")
                    + (fitting.count > 5 ? ", …" : "") + ": give its folder too")
        }
        return identifier
    }

    /// The parts of a path, as Unix or as Windows separates them.
    private static func components(_ path: String) -> [String] {
        path.split { $0 == "/" || $0 == "\\" }.map(String.init).filter { $0 != "." }
    }
}
