#include "http/detail/folder.hpp"

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "http/content.hpp"
#include "os/directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace nacre::http::detail {
namespace {

constexpr std::size_t kEntriesMax = 20'000;

constexpr std::string_view kHead =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<style>body{font:14px/1.5 system-ui,sans-serif;margin:2em}td,th{padding:0 1.5em 0 0;"
    "text-align:left}td.size{text-align:right}</style>\n<title>";

struct Entry {
    std::string name;
    bool is_folder = false;
    std::int64_t size = 0;
    std::int64_t modified = 0;
};

/// `shown` is how messages name the folder.
std::vector<Entry> read_entries(os::UniqueFd folder, const std::string& shown) {
    os::Directory directory{std::move(folder), shown};
    std::vector<Entry> entries;
    while (auto item = directory.next()) {
        if (item->name.starts_with('.')) continue;
        if (entries.size() == kEntriesMax)
            throw Error{
                ErrorCode::ResourceExhausted,
                "the folder has more than " + std::to_string(kEntriesMax) + " entries"};
        struct stat status{};
        if (::fstatat(directory.fd(), item->name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        entries.push_back(
            {std::move(item->name),
             S_ISDIR(status.st_mode),
             std::int64_t{status.st_size},
             std::int64_t{status.st_mtim.tv_sec}});
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return a.is_folder != b.is_folder ? a.is_folder : a.name < b.name;
    });
    return entries;
}

void render_row(const Entry& entry, std::string& page) {
    const std::string slash = entry.is_folder ? "/" : "";
    // "./" keeps a name with a colon from being read as a scheme.
    page += "<tr><td><a href=\"./" + percent_encode(entry.name) + slash + "\">"
            + escape_html(sanitize_utf8(entry.name)) + slash + "</a></td><td>"
            + render_rfc3339(from_unix_seconds(entry.modified)) + "</td><td class=\"size\">"
            + (entry.is_folder ? "-" : std::to_string(entry.size)) + "</td></tr>\n";
}

}  // namespace

std::string render_folder(std::string_view path, os::UniqueFd folder) {
    const std::string title = "Index of " + escape_html(sanitize_utf8(path));
    std::string page{kHead};
    page += title + "</title></head><body>\n<h1>" + title + "</h1>\n"
            + "<table><tr><th>Name</th><th>Last modified</th><th>Size</th></tr>\n"
            + "<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n";
    const std::vector<Entry> entries = read_entries(std::move(folder), title);
    for (const Entry& entry : entries)
        render_row(entry, page);
    page += "</table>\n</body></html>\n";
    return page;
}

}  // namespace nacre::http::detail
