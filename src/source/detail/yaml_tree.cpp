#include "source/detail/yaml_tree.hpp"

#include "base/text.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <sstream>
#include <utility>

namespace nacre::source::detail {
namespace {

YamlPlace place(const YAML::Mark& mark) {
    return {mark.line + 1, mark.column + 1};
}

/// Ends the parse; only this file sees it.
struct Refused final : std::exception {
    explicit Refused(YamlProblem found) : problem{std::move(found)} {}

    YamlProblem problem;
};

/// Builds the tree from the parser's events. It holds the open nodes by value and moves each into its parent when it
/// ends.
class TreeBuilder final : public YAML::EventHandler {
public:
    explicit TreeBuilder(YamlDocument& document) : document_{&document} {}

    void OnDocumentStart(const YAML::Mark& /*mark*/) override {}

    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
        add({YamlKind::Null, place(mark)});
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
        throw Refused{{place(mark), "aliases ('*name') are not taken, needed the value itself"}};
    }

    void OnScalar(
        const YAML::Mark& mark,
        const std::string& tag,
        YAML::anchor_t /*anchor*/,
        const std::string& value) override {
        const bool is_quoted = tag == "!" || tag.ends_with(":str");
        const bool is_null = !is_quoted && (value == "~" || value == "null" || value.empty());
        add({is_null ? YamlKind::Null : YamlKind::Scalar, place(mark), value, is_quoted});
    }

    void OnSequenceStart(
        const YAML::Mark& mark,
        const std::string& /*tag*/,
        YAML::anchor_t /*anchor*/,
        YAML::EmitterStyle::value /*style*/) override {
        open({YamlKind::Sequence, place(mark)});
    }

    void OnSequenceEnd() override { close(); }

    void OnMapStart(
        const YAML::Mark& mark,
        const std::string& /*tag*/,
        YAML::anchor_t /*anchor*/,
        YAML::EmitterStyle::value /*style*/) override {
        open({YamlKind::Map, place(mark)});
    }

    void OnMapEnd() override { close(); }

private:
    struct Open {
        YamlNode node;
        bool wants_key = true;
    };

    void open(YamlNode node) {
        if (open_.size() >= kYamlDepthMax) {
            throw Refused{
                {node.at, "nested deeper than " + std::to_string(kYamlDepthMax) + " levels"}};
        }
        if (!open_.empty() && open_.back().node.kind == YamlKind::Map && open_.back().wants_key)
            throw Refused{{node.at, "a key is a list or a map, needed a word"}};
        open_.push_back({std::move(node)});
    }

    void close() {
        YamlNode node = std::move(open_.back().node);
        open_.pop_back();
        add(std::move(node));
    }

    void add(YamlNode node) {
        if (++count_ > kYamlNodesMax)
            throw Refused{{node.at, "more than " + std::to_string(kYamlNodesMax) + " values"}};
        if (open_.empty()) {
            document_->root = std::move(node);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.kind == YamlKind::Sequence) {
            parent.node.items.push_back(std::move(node));
        } else if (parent.wants_key) {
            add_key(parent, std::move(node));
        } else {
            parent.node.members.back().value.push_back(std::move(node));
            parent.wants_key = true;
        }
    }

    void add_key(Open& parent, YamlNode node) {
        std::vector<YamlMember>& members = parent.node.members;
        if (std::ranges::find(members, node.text, &YamlMember::key) != members.end())
            document_->problems.push_back(
                {node.at, "key " + nacre::quoted(node.text) + " is given twice"});
        members.push_back({node.text, node.at, {}});
        parent.wants_key = false;
    }

    YamlDocument* document_;
    std::vector<Open> open_;
    std::size_t count_ = 0;
};

}  // namespace

YamlDocument read_yaml(std::string_view text) {
    YamlDocument document;
    if (text.size() > kYamlBytesMax) {
        document.problems.push_back(
            {{},
             "the file has " + std::to_string(text.size()) + " bytes, needed at most "
                 + std::to_string(kYamlBytesMax)});
        return document;
    }
    std::istringstream stream{std::string{text}};
    try {
        YAML::Parser parser{stream};
        TreeBuilder builder{document};
        parser.HandleNextDocument(builder);
        YamlDocument second;
        TreeBuilder second_builder{second};
        if (parser.HandleNextDocument(second_builder))
            document.problems.push_back(
                {second.root.at, "a second document begins, needed only one"});
    } catch (const Refused& refused) {
        document.problems.push_back(refused.problem);
    } catch (const YAML::Exception& error) {
        document.problems.push_back({place(error.mark), "not YAML: " + error.msg});
    }
    return document;
}

}  // namespace nacre::source::detail
