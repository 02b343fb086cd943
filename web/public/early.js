// Before the first paint: the stored language and colour scheme, so that nothing flashes.
(function () {
  var root = document.documentElement, get = function (key) { try { return localStorage.getItem(key); } catch { return null; } };
  var scheme = get("loom.scheme");
  if (scheme !== "light" && scheme !== "dark") scheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.setAttribute("data-mantine-color-scheme", scheme);
  var language = get("loom.language") || navigator.language || "en";
  root.lang = /^zh/i.test(language) ? "zh-Hans" : "en";
})();
