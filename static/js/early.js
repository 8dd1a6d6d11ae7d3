/* Runs before the first paint: marks that scripts work and applies the stored font size. */
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");
  try {
    if (localStorage.getItem("bihuan.font") === "large") root.dataset.font = "large";
  } catch (error) {
    // Storage may be forbidden; the page then keeps its normal size.
  }
})();
