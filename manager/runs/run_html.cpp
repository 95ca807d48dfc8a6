// A run as one HTML file that contains the page of manager/web, its modules, its style, d3 and the run's frames. It
// loads nothing else, so it opens anywhere.

#include "manager/base/json_object.hpp"
#include "manager/base/web_assets.hpp"
#include "manager/runs/page_recording.hpp"
#include "manager/runs/run_export.hpp"

#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

namespace gossip {
namespace {

std::string asset(std::string_view name) { return std::string(web_asset(name).value_or("")); }

// The modules as one script, each in a function of its own, dependencies first. It understands the forms that the
// page's modules use: imports by name on one line, and exported declarations.
class OneScript {
public:
    std::string of(const std::string& name) {
        add(name);
        return "const modules = {};\n" + out_;
    }

private:
    void add(const std::string& name) {
        if (!added_.insert(name).second) return;
        static const std::regex import_line(R"re(import \{ (.*) \} from "(\.\.?/.*)";)re");
        static const std::regex exported(R"(export ((?:const|let|class|(?:async )?function) (\w+).*))");
        static const std::regex renamed(R"((\w+) as )");
        std::istringstream in(asset(name));
        std::string body;
        std::string names;
        std::smatch found;
        for (std::string line; std::getline(in, line);) {
            if (std::regex_match(line, found, import_line)) {
                const auto folder = std::filesystem::path(name).parent_path();
                const std::string imported = (folder / found[2].str()).lexically_normal().generic_string();
                const std::string renamed_names = std::regex_replace(found[1].str(), renamed, "$1: ");
                add(imported);
                body += "const { " + renamed_names + " } = modules[\"" + imported + "\"];\n";
            } else if (std::regex_match(line, found, exported)) {
                names += (names.empty() ? "" : ", ") + found[2].str();
                body += found[1].str() + "\n";
            } else {
                body += line + "\n";
            }
        }
        out_ += "modules[\"" + name + "\"] = (() => {\n" + body + "return { " + names + " };\n})();\n";
    }

    std::set<std::string> added_;
    std::string out_;
};

// Text inside a script element must not end that element.
std::string inside_script(std::string text) {
    for (std::size_t at = 0; (at = text.find("</", at)) != std::string::npos; at += 3) text.replace(at, 2, "<\\/");
    for (std::size_t at = 0; (at = text.find("<!--", at)) != std::string::npos; at += 5) text.replace(at, 4, "<\\!--");
    return text;
}

// In JSON strings "<" can be written as an escape.
std::string inside_data(const std::string& json) {
    std::string out;
    out.reserve(json.size());
    for (const char c : json) c == '<' ? out += "\\u003c" : out += c;
    return out;
}

std::string as_text(const std::string& text) {
    std::string out;
    for (const char c : text) c == '<' ? out += "&lt;" : c == '&' ? out += "&amp;" : out += c;
    return out;
}

void put(std::string& page, std::string_view place, const std::string& text) {
    if (const std::size_t at = page.find(place); at != std::string::npos) page.replace(at, place.size(), text);
}

// The page with everything that it loads put in.
std::string self_contained(const std::string& recording) {
    std::string page = asset("index.html");
    put(page, "<link rel=\"icon\" href=\"favicon.svg\">\n",
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'\">\n");
    put(page, "<link rel=\"stylesheet\" href=\"style.css\">", "<style>" + asset("style.css") + "</style>");
    put(page, "<script type=\"module\" src=\"app.js\"></script>\n", "");
    put(page, "<a href=\"licences.txt\">d3's licence</a>",
        "<details><summary>d3's licence</summary><pre>" + as_text(asset("licences.txt")) + "</pre></details>");
    put(page, "<script src=\"d3.js\"></script>", "<script>" + inside_script(asset("d3.js")) + "</script>");
    put(page, "</body>",
        "<script type=\"application/json\" id=\"recording\">" + inside_data(recording) +
            "</script>\n<script type=\"module\">" + inside_script(OneScript().of("app.js")) + "</script>\n</body>");
    return page;
}

}  // namespace

std::variant<HtmlPage, std::string> export_html(const std::string& folder, const RunAnalysis& run) {
    const std::string name = folder.substr(folder.find_last_of('/') + 1);
    const std::string title = name + " · seed " + std::to_string(run.began().seed) + " · " + run.began().version;
    auto page = page_of_run(folder, title);
    if (auto* problem = std::get_if<std::string>(&page)) return std::move(*problem);
    const auto& recorded = std::get<RecordedPage>(page);
    return HtmlPage{self_contained(recorded.json)};
}

}  // namespace gossip
