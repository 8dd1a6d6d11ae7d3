/** <fieldset data-bihuan-here> around hidden inputs longitude and latitude: the phone says where it is, when asked. */
export function attach(box) {
  const button = box.querySelector('[data-part="locate"]');
  const said = box.querySelector('[data-part="said"]');
  const field = (name) => box.querySelector(`[name="${name}"]`);
  if (!navigator.geolocation) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    said.textContent = "正在定位……";
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        field("longitude").value = coords.longitude.toFixed(6);
        field("latitude").value = coords.latitude.toFixed(6);
        field("longitude").dispatchEvent(new Event("input", { bubbles: true }));
        said.textContent = `已记下位置，误差约 ${Math.round(coords.accuracy)} 米`;
      },
      () => {
        said.textContent = "没有取得定位，请把地点写清楚。";
      },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
    );
  });
}
