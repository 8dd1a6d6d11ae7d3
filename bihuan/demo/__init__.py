"""The demo city 云溪市: invented places, people, enterprises and plan documents."""
