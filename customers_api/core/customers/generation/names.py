"""The names people have, by country, in their own spelling."""

# ruff: noqa: RUF001  Letters that look like others are what names are spelled with.

from collections.abc import Mapping
from typing import NamedTuple


class Names(NamedTuple):
    """The names of one country."""

    female: tuple[str, ...]
    male: tuple[str, ...]
    last: tuple[str, ...]


def _names(female: str, male: str, last: str) -> Names:
    return Names(tuple(female.split()), tuple(male.split()), tuple(last.split(", ")))


NAMES: Mapping[str, Names] = {
    "USA": _names(
        "Mary Jennifer Linda Patricia Emily Jessica Ashley Sarah Olivia Madison Hannah Grace "
        "Abigail Samantha Lauren Chloe Natalie Brianna Zoe Destiny Maria Guadalupe Aaliyah Mei",
        "James Michael Robert David William Joseph Daniel Christopher Matthew Anthony Joshua Ethan "
        "Tyler Brandon Jacob Logan Mason Noah Jayden Marcus DeShawn Carlos Luis Kevin Wei",
        "Smith, Johnson, Williams, Brown, Jones, Garcia, Miller, Davis, Rodriguez, Martinez, "
        "Hernandez, Lopez, Wilson, Anderson, Thomas, Taylor, Moore, Jackson, Lee, Thompson, White, "
        "Harris, Clark, Ramirez, Lewis, Robinson, Walker, Young, Nguyen, O'Brien, Kim, Washington",
    ),
    "United Kingdom": _names(
        "Olivia Amelia Isla Ava Emily Sophie Grace Lily Freya Charlotte Poppy Evie Florence "
        "Margaret Susan Fatima Priya Aisha Niamh Siobhán Megan Rhiannon",
        "Oliver George Harry Jack Noah Charlie Jacob Alfie Thomas William Archie Henry Muhammad "
        "Arjun Callum Ewan Rhys Dylan Graham Nigel Trevor Colin",
        "Smith, Jones, Taylor, Williams, Brown, Davies, Evans, Wilson, Thomas, Roberts, Johnson, "
        "Lewis, Walker, Robinson, Wood, Thompson, Wright, Khan, Patel, Hughes, MacDonald, "
        "Campbell, O'Neill, Fletcher, Armitage-Shaw, Begum, Whittaker",
    ),
    "Germany": _names(
        "Leonie Anna Lena Sophie Marie Emilia Mia Hannah Lea Johanna Katharina Anne-Marie Heike "
        "Sabine Ursula Käthe Ayşe Greta Frieda Antonia Zoë",
        "Lukas Paul Jonas Felix Maximilian Leon Finn Jürgen Günther Björn Jörg Stefan Thomas "
        "Andreas Klaus Wolfgang Matthias Mehmet Emre Karl-Heinz Moritz",
        "Müller, Schmidt, Schneider, Fischer, Weber, Meyer, Wagner, Becker, Schulz, Hoffmann, "
        "Schäfer, Köhler, Koch, Bauer, Richter, Klein, Wolf, Schröder, Neumann, Schwarz, Krüger, "
        "Groß, Jäger, Yılmaz, Weiß, Böhm, von Hagen",
    ),
    "France": _names(
        "Emma Jade Louise Alice Chloé Léa Manon Inès Camille Zoé Anaïs Élodie Hélène Françoise "
        "Margaux Aurélie Noémie Amélie Fatou Yasmine",
        "Gabriel Louis Raphaël Jules Léo Hugo Arthur Lucas Théo Étienne François Jérôme Benoît "
        "Mathéo Loïc Rémi Jean-Pierre Mohamed Mamadou Guillaume",
        "Martin, Bernard, Dubois, Thomas, Robert, Richard, Petit, Durand, Leroy, Moreau, Simon, "
        "Laurent, Lefèvre, Michel, García, Bertrand, Roux, Vincent, Fournier, Lambert, Diallo, "
        "Benoît, Désiré, Le Gall, de La Fontaine",
    ),
    "Canada": _names(
        "Emma Olivia Charlotte Sophie Élise Geneviève Maude Chantal Heather Megan Harpreet Mei "
        "Sarah Julie Catherine Océane Aurora",
        "Liam Noah William François Mathieu Étienne Jean-Luc Ryan Connor Gurpreet Wei Nathan "
        "Samuel Olivier Benjamin Félix Jacob",
        "Tremblay, Gagnon, Roy, Côté, Bouchard, Gauthier, Morin, Lavoie, Fortin, Gagné, Smith, "
        "Brown, Martin, Wilson, Singh, Wong, Li, MacLeod, Campbell, Bélanger, Lévesque, Chen",
    ),
    "Spain": _names(
        "Lucía Sofía Martina María Paula Carmen Inés Begoña Nerea Núria Aitana Concepción Ángela "
        "Marta Elena Pilar Rocío Montserrat",
        "Hugo Mateo Martín Lucas Leo Daniel Alejandro Álvaro Íñigo José Andrés Jordi Joaquín "
        "Sergio Adrián Óscar Rubén Iker",
        "García, Fernández, González, Rodríguez, López, Martínez, Sánchez, Pérez, Gómez, Martín, "
        "Jiménez, Ruiz, Hernández, Díaz, Moreno, Muñoz, Álvarez, Núñez, Ibáñez, Peña, "
        "García Márquez, de la Cruz",
    ),
    "Italy": _names(
        "Sofia Giulia Aurora Alice Ginevra Emma Giorgia Beatrice Chiara Francesca Noemi Federica "
        "Alessia Martina Silvia Anna-Maria Elisa",
        "Leonardo Francesco Alessandro Lorenzo Mattia Andrea Gabriele Riccardo Tommaso Niccolò "
        "Giuseppe Antonio Giovanni Luca Marco Davide Pietro",
        "Rossi, Russo, Ferrari, Esposito, Bianchi, Romano, Colombo, Ricci, Marino, Greco, Bruno, "
        "Gallo, Conti, De Luca, Mancini, Costa, Giordano, Rizzo, D'Angelo, Lombardi, Nicolò",
    ),
    "Netherlands": _names(
        "Emma Julia Sanne Fleur Lotte Femke Anouk Maaike Eva Noor Loïs Saskia Marloes Yara Fenna",
        "Daan Sem Lucas Bram Thijs Jeroen Willem Sander Niels Maarten Joël Koen Ruben Pieter",
        "de Jong, Jansen, de Vries, van den Berg, van Dijk, Bakker, Janssen, Visser, Smit, Meijer, "
        "de Boer, Mulder, de Groot, Bos, Vos, Peters, Hendriks, van Leeuwen, Dekker, Brouwer",
    ),
    "Sweden": _names(
        "Alice Maja Elsa Astrid Freja Åsa Märta Ebba Linnéa Ingrid Karin Lovisa Saga Ylva Malin",
        "William Oscar Lucas Hugo Björn Åke Göran Sören Erik Lars Nils Anders Gustav Axel Måns",
        "Andersson, Johansson, Karlsson, Nilsson, Eriksson, Larsson, Olsson, Persson, Svensson, "
        "Gustafsson, Lindström, Öberg, Åkesson, Bergström, Sjögren, Lundqvist, Nyström, Hägg",
    ),
    "Poland": _names(
        "Zuzanna Julia Zofia Hanna Maja Lena Małgorzata Agnieszka Elżbieta Grażyna Katarzyna "
        "Joanna Barbara Żaneta Michalina",
        "Antoni Jakub Jan Szymon Franciszek Paweł Łukasz Michał Stanisław Wojciech Krzysztof "
        "Grzegorz Tomasz Zbigniew Bartłomiej",
        "Nowak, Wójcik, Kowalczyk, Woźniak, Mazur, Krawczyk, Kaczmarek, Zając, Król, Wieczorek, "
        "Wróbel, Stępień, Dudek, Pawlak, Sikora, Baran, Szewczyk, Pietrzak, Gołąb, Łuczak",
    ),
    "Greece": _names(
        "Μαρία Ελένη Αικατερίνη Βασιλική Σοφία Αγγελική Γεωργία Δήμητρα Ιωάννα Ευαγγελία Αναστασία",
        "Γιώργος Δημήτρης Κωνσταντίνος Νίκος Γιάννης Παναγιώτης Βασίλης Χρήστος Αθανάσιος Μιχάλης",
        "Παπαδόπουλος, Βλάχος, Παππάς, Νικολαΐδης, Γεωργίου, Οικονόμου, Μακρής, Αντωνίου, "
        "Δημητρίου, Χατζής, Ιωάννου, Κωνσταντίνου, Αγγελόπουλος",
    ),
    "Turkey": _names(
        "Zeynep Elif Ayşe Fatma Defne Asya Gülşen Çiğdem Şule Özlem Hatice Büşra Ece İrem Nil",
        "Yusuf Mustafa Mehmet Ahmet Eymen Ömer Çağatay Gökhan Şükrü Uğur Emre Kerem İbrahim Barış",
        "Yılmaz, Kaya, Demir, Çelik, Şahin, Yıldız, Yıldırım, Öztürk, Aydın, Özdemir, Arslan, "
        "Doğan, Kılıç, Çetin, Koç, Güneş, Şimşek",
    ),
    "Brazil": _names(
        "Maria Ana Júlia Sofia Helena Valentina Letícia Beatriz Conceição Luísa Mariana Gabriela "
        "Yasmin Fernanda Inês Márcia",
        "Miguel Arthur João Heitor Davi Luís Gonçalo Antônio José Thiago Caio Vinícius Márcio "
        "Fábio Rafael Sebastião",
        "Silva, Santos, Oliveira, Souza, Rodrigues, Ferreira, Alves, Pereira, Lima, Gomes, Costa, "
        "Ribeiro, Martins, Carvalho, Araújo, Gonçalves, Conceição, da Silva, dos Santos, Magalhães",
    ),
    "Mexico": _names(
        "Guadalupe María Juana Ximena Valeria Sofía Renata Fernanda Lucía Itzel Citlali Mónica "
        "Verónica Regina Camila",
        "José Juan Santiago Mateo Sebastián Diego Jesús Emiliano Ángel Miguel Héctor Raúl "
        "Cuauhtémoc Rodrigo Iván",
        "Hernández, García, Martínez, López, González, Pérez, Rodríguez, Sánchez, Ramírez, Cruz, "
        "Flores, Gómez, Morales, Vázquez, Reyes, Jiménez, Núñez, Ordóñez",
    ),
    "India": _names(
        "Aadhya Ananya Diya Saanvi Priya Kavita Lakshmi Meera Neha Pooja Shreya Sunita Anjali "
        "Fatima Gurleen",
        "Aarav Vivaan Aditya Arjun Rahul Rajesh Sanjay Vikram Amit Suresh Ravi Imran Harpreet "
        "Karthik Manoj",
        "Sharma, Verma, Gupta, Singh, Kumar, Patel, Reddy, Nair, Iyer, Das, Khan, Joshi, Mehta, "
        "Chatterjee, Mukherjee, Desai, Rao, Pillai, Kaur",
    ),
    "Japan": _names(
        "Yui Sakura Hina Aoi Mei Rin Haruka Yōko Keiko Akiko Naomi Misaki Ayumi Yūka Tomoko",
        "Haruto Sōta Ren Yūto Hiroshi Takashi Kenji Daisuke Kōji Kazuki Shōta Ryō Makoto Satoshi "
        "Tarō",
        "Satō, Suzuki, Takahashi, Tanaka, Itō, Watanabe, Yamamoto, Nakamura, Kobayashi, Katō, "
        "Yoshida, Yamada, Sasaki, Yamaguchi, Saitō, Matsumoto, Inoue, Kimura, Hayashi, Shimizu",
    ),
}
