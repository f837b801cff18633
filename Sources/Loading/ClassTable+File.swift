import Formats
import Foundation
import Inference

extension ClassTable {
    /// Reads the names of a model's classes: one name per line, or a COCO annotation file, whose categories
    /// are taken in the order of their ids.
    /// - Parameter count: the required number of classes.
    /// - Throws: `FileError` when the file cannot be read, has no names, or not exactly `count`.
    package init(contentsOf path: String, count: Int) throws {
        let bytes = try readFile(path, limit: 1 << 30)
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        let table: ClassTable
        if text.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "{") {
            table = try Self.categories(in: Data(text), path: path)
        } else {
            var names = String(decoding: text, as: UTF8.self).split(
                omittingEmptySubsequences: false, whereSeparator: \.isNewline
            ).map { $0.trimmingCharacters(in: .whitespaces) }
            while names.last == "" { names.removeLast() }
            guard !names.contains("") else {
                throw FileError(path: path, fault: "has an empty line between names")
            }
            table = ClassTable(names: names)
        }
        guard table.names.count == count else {
            throw FileError(
                path: path,
                fault:
                    "has \(table.names.count) name\(table.names.count == 1 ? "" : "s") of classes, the model "
                    + "\(count) class\(count == 1 ? "" : "es")")
        }
        self = table
    }

    private struct Annotations: Decodable {
        struct Category: Decodable {
            var id: Int
            var name: String?
        }
        var categories: [Category]
    }

    private static func categories(in data: Data, path: String) throws -> ClassTable {
        guard let annotations = try? JSONDecoder().decode(Annotations.self, from: data) else {
            throw FileError(
                path: path, fault: "has no list of categories with ids, as COCO's annotations have")
        }
        let categories = annotations.categories.sorted { $0.id < $1.id }
        return ClassTable(
            names: categories.map { $0.name ?? "category \($0.id)" }, categories: categories.map(\.id))
    }
}
